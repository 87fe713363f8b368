"""VideoData: a data layer of two forks, frames of a film or camera.

The oracle reads no data sets: the caller gives the tops.
"""

TYPE = "VideoData"
IS_INPUT = True
