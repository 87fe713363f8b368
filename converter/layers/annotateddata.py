"""AnnotatedData: SSD's batches of images with boxes, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import DataLayer, channels, resized
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("AnnotatedData")
class AnnotatedData(DataLayer):
    """Tops: images (batch_size, c, h, w) and boxes (1, 1, boxes, 8), as MultiBoxLoss takes them.

    With MobileNet-YOLO's annotated_data_param { yolo_data_type: 1 } boxes are (batch_size, 1, 300, 5), as Yolov3 does.

    h and w are transform_param's resize_param, else its crop_size. Source: SSD's
    src/caffe/layers/annotated_data_layer.cpp.
    """

    field = "data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Images; the number of boxes is for the caller to state."""
        sizes = resized(view, transform)
        batch, annotated = view.integer("batch_size", 0), self.params.message("annotated_data_param")
        yolo = annotated.has("yolo_data_type") and annotated.integer("yolo_data_type") == 1
        boxes = (batch, 1, 300, 5) if yolo else (1, 1, 0, 8)
        return [(batch, channels(view, transform), *sizes), boxes]
