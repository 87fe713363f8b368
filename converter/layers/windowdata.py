"""WindowData: batches of windows cut from images, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import DataLayer, square
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("WindowData")
class WindowData(DataLayer):
    """Tops: windows (batch_size, 3, crop_size, crop_size) and labels (batch_size,).

    Source: src/caffe/layers/window_data_layer.cpp.
    """

    field = "window_data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Windows, labels."""
        batch = view.integer("batch_size", 0)
        return [(batch, 3, *square(view, transform)), (batch,)]
