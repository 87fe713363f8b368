"""AnnotatedData: a data layer, for which SSD's fork reads images and boxes from a database.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "AnnotatedData"
IS_INPUT = True
