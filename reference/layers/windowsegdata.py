"""WindowSegData: a data layer, for which DeconvNet's fork cuts windows out of images and label maps.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "WindowSegData"
IS_INPUT = True
