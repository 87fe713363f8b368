"""HDF5Data: a data layer, for which Caffe reads arrays from HDF5 files.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "HDF5Data"
IS_INPUT = True
