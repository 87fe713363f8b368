"""WindowData: a data layer, for which Caffe cuts windows out of images.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "WindowData"
IS_INPUT = True
