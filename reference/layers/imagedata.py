"""ImageData: a data layer, for which Caffe reads images from a list of files.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "ImageData"
IS_INPUT = True
