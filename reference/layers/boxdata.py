"""BoxData: a data layer, for which caffe-yolo's fork reads images and their boxes.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "BoxData"
IS_INPUT = True
