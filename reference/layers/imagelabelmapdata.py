"""ImageLabelmapData: a data layer, for which HED's fork reads images and edge maps.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "ImageLabelmapData"
IS_INPUT = True
