"""MemoryData: batches from the program's memory, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import DataLayer
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("MemoryData")
class MemoryData(DataLayer):
    """Tops: data (batch_size, channels, height, width) and labels (batch_size,).

    Source: src/caffe/layers/memory_data_layer.cpp.
    """

    field = "memory_data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Data, labels."""
        batch, *sizes = (view.integer(name, 0) for name in ("batch_size", "channels", "height", "width"))
        return [(batch, *sizes), (batch,)]
