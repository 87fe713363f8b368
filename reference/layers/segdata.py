"""SegData: a data layer, for which forks read images and label maps.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "SegData"
IS_INPUT = True
