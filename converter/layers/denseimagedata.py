"""DenseImageData: images with a label for every pixel, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import DataLayer, square
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("DenseImageData")
class DenseImageData(DataLayer):
    """Tops: images (batch_size, 3 or 1, h, w) and labels (batch_size, 1, h, w).

    h and w are crop_size, else crop_height and crop_width, else new_height and new_width, else the images' own. Without
    a crop the labels' are those over label_divide_factor, rounded down (ENet's encoder, which is trained alone).
    Source: alexgkendall/caffe-segnet, src/caffe/layers/dense_image_data_layer.cpp, and TimoSaemann/caffe-enet's.
    """

    field = "dense_image_data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Images, labels."""
        batch = view.integer("batch_size", 1)
        crop = square(view, transform)
        cut, new = (
            tuple(view.integer(f"{word}_{side}", 0) for side in ("height", "width")) for word in ("crop", "new")
        )
        height, width = crop[0] or cut[0] or new[0], crop[1] or cut[1] or new[1]
        parts = view.integer("label_divide_factor", 1)
        if parts < 1:
            raise view.error("label_divide_factor", f"is {parts}", "expected at least 1")
        divisor = 1 if crop[0] or cut[0] else parts
        labels = (batch, 1, height // divisor, width // divisor)
        return [(batch, 3 if view.flag("is_color", True) else 1, height, width), labels]
