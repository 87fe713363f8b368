"""LaneData: a data layer, for which MobileNet-YOLO's fork reads images, lanes and their maps.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "LaneData"
IS_INPUT = True
