"""ImageSegData: DeepLab's and PSPNet's images with label maps, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import DataLayer, square
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("ImageSegData")
class ImageSegData(DataLayer):
    """Tops: images (batch_size, 3 or 1, h, w), labels (batch_size, 1, h, w), the images' sizes (batch_size, 1, 1, 2).

    Color unless is_color is false; h and w are crop_size, else transform_param's crop_height and crop_width, else
    new_height and new_width, else the images' own.
    Source: hszhao/PSPNet (DeepLab v1, v2, DeconvNet), src/caffe/layers/image_seg_data_layer.cpp.
    """

    field = "image_data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Images, labels, sizes."""
        batch = view.integer("batch_size")
        cut, new = (
            tuple(part.integer(f"{word}_{side}", 0) for side in ("height", "width"))
            for part, word in ((transform, "crop"), (view, "new"))
        )
        crop = square(view, transform)
        height, width = crop[0] or cut[0] or new[0], crop[1] or cut[1] or new[1]
        return [(batch, 3 if view.flag("is_color") else 1, height, width), (batch, 1, height, width), (batch, 1, 1, 2)]
