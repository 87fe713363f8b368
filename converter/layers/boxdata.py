"""BoxData: caffe-yolo's batches of images with a grid of true boxes, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import DataLayer, channels, square
from converter.layers.kit.yolo import LABELS
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params

_OF_YOLOV2 = 13
"""The side of YOLOv2's grid, whose forks state it, too, but give 30 boxes an item."""


@layer("BoxData")
class BoxData(DataLayer):
    """Tops: images (batch_size, c, h, w) and for each data_param.side labels (batch_size, 7 * side²).

    h and w are transform_param's crop_size, else the data set's. Labels of YOLOv2's forks (zhang-xin/caffe,
    gklz1982/caffe-yolov2) are (batch_size, 150), 30 rows of class, x, y, width, height, as RegionLoss takes them: where
    side is 13, or is not stated, the caller has to say which.
    Source: yeahkun/caffe-yolo, src/caffe/layers/box_data_layer.cpp.
    """

    field = "data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Images, labels of each side."""
        batch = view.integer("batch_size", 0)
        sides = view.integers("side") or (_OF_YOLOV2,)
        labels: list[Shape] = [(batch, 0 if side == _OF_YOLOV2 else LABELS * side**2) for side in sides]
        return [(batch, channels(view, transform), *square(view, transform)), *labels]
