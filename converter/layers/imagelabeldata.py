"""ImageLabelData: images and label maps for dense prediction, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import DataLayer, square
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("ImageLabelData")
class ImageLabelData(DataLayer):
    """Tops: images (batch_size, 3, crop_size, crop_size) and labels (batch_size, 1, h, w) with label_slice's dim.

    `converter.dilatednet` reads the same lists.
    Source: fyu/caffe-dilation, src/caffe/layers/image_label_data_layer.cpp.
    """

    field = "image_label_data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Images, labels."""
        batch = view.integer("batch_size")
        return [(batch, 3, *square(view, transform)), (batch, 1, *slice_size(view))]


def slice_size(view: Params) -> tuple[int, ...]:
    """The label map's height and width, 0 where the file does not give both."""
    sizes = view.message("label_slice").integers("dim")
    return sizes if len(sizes) == 2 else (0, 0)
