"""DenseImageData: a data layer, for which SegNet's fork reads images and label maps.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "DenseImageData"
IS_INPUT = True
