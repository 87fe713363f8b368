"""MemoryData: a data layer, for which a program hands Caffe its arrays.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "MemoryData"
IS_INPUT = True
