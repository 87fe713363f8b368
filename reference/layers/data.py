"""Data: a data layer, for which Caffe reads images from a database.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "Data"
IS_INPUT = True
