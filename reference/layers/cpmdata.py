"""CPMData: a data layer, for which the pose fork reads images and draws maps of body parts.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "CPMData"
IS_INPUT = True
