"""AnnotatedData: SSD's batches of images with boxes, fed by the caller."""

from __future__ import annotations

from converter.layers.kit.data import DataLayer, channels, square
from converter.layers.layer import layer
from converter.net.net import Shape
from converter.net.params import Params


@layer("AnnotatedData")
class AnnotatedData(DataLayer):
    """Tops: images (batch_size, c, h, w) and boxes (1, 1, boxes, 8), as MultiBoxLoss takes them.

    h and w are transform_param's resize_param, else its crop_size. Source: SSD's
    src/caffe/layers/annotated_data_layer.cpp.
    """

    field = "data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Images; the number of boxes is for the caller to state."""
        sizes = square(view, transform)
        for resize in transform.messages("resize_param")[:1]:
            sizes = (resize.integer("height", 0), resize.integer("width", 0))
        return [(view.integer("batch_size", 0), channels(view, transform), *sizes), (1, 1, 0, 8)]
