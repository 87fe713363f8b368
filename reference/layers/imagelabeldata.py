"""ImageLabelData: a data layer, for which the dilation fork reads images and label maps.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "ImageLabelData"
IS_INPUT = True
