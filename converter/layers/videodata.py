"""VideoData: frames of a film or camera, fed by the caller."""

from __future__ import annotations

from converter.layers.kit.data import DataLayer
from converter.layers.layer import layer
from converter.net.net import Shape
from converter.net.params import Params


@layer("VideoData")
class VideoData(DataLayer):
    """Tops: frames and what goes with them; the file does not settle their shapes.

    Two forks use the name: SSD's src/caffe/layers/video_data_layer.cpp for images (n, 3, h, w), video-caffe's for
    clips (n, 3, length, h, w).
    """

    field = "video_data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Nothing for certain."""
        return [(0,), (0,)]
