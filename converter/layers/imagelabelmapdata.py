"""ImageLabelmapData: images with an edge map each, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.imagedata import ImageData
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("ImageLabelmapData")
class ImageLabelmapData(ImageData):
    """Tops: images (batch_size, 3 or 1, h, w) and edges (batch_size, 1, h, w), 0 or 1.

    Sizes are stated as ImageData's are. Source: s9xie/hed, src/caffe/layers/image_labelmap_data_layer.cpp.
    """

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Images, edges."""
        images = super().stated_shapes(view, transform)[0]
        return [images, (images[0], 1, *images[2:])]
