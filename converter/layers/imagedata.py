"""ImageData: batches of images named in a list, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import DataLayer, square
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("ImageData")
class ImageData(DataLayer):
    """Tops: images (batch_size, 3 or 1, h, w) and labels (batch_size,).

    Color unless is_color is false; h and w are crop_size, else new_height and new_width, else the images' own.
    Source: src/caffe/layers/image_data_layer.cpp.
    """

    field = "image_data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Images, labels."""
        batch = view.integer("batch_size")
        height, width = square(view, transform)
        sizes = (height or view.integer("new_height"), width or view.integer("new_width"))
        return [(batch, 3 if view.flag("is_color") else 1, *sizes), (batch,)]
