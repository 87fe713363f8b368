"""ImageSegData: a data layer, for which DeepLab's fork reads images and label maps.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "ImageSegData"
IS_INPUT = True
