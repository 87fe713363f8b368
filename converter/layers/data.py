"""Data: batches from LMDB or LevelDB, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import DataLayer, channels, square
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("Data")
class Data(DataLayer):
    """Tops: images (batch_size, c, crop_size, crop_size) and labels (batch_size,).

    c is known where force_color, force_gray or several mean values say it. Source: src/caffe/layers/data_layer.cpp.
    """

    field = "data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Images, labels."""
        batch = view.integer("batch_size", 0)
        return [(batch, channels(view, transform), *square(view, transform)), (batch,)]
