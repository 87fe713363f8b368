"""WindowData: batches of windows cut from pictures, fed by the caller."""

from __future__ import annotations

from converter.fed import Fed, square
from converter.graph.net import Shape
from converter.graph.params import Params
from converter.operator import layer


@layer("WindowData")
class WindowData(Fed):
    """Tops: windows (batch_size, 3, crop_size, crop_size) and labels (batch_size,).

    Source: src/caffe/layers/window_data_layer.cpp.
    """

    field = "window_data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Windows, labels."""
        batch = view.integer("batch_size", 0)
        return [(batch, 3, *square(view, transform)), (batch,)]
