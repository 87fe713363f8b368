"""BinLabelData: a data layer, for which the dilation fork reads stored feature maps and label maps.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "BinLabelData"
IS_INPUT = True
