"""BinLabelData: stored feature maps and label maps, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.imagelabeldata import slice_size
from converter.layers.kit.data import UNKNOWN, DataLayer
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("BinLabelData")
class BinLabelData(DataLayer):
    """Tops: feature maps (batch_size, c, h, w), whose sizes the files say, and labels (batch_size, 1, h', w').

    `converter.dilatednet` reads the same lists. Source: fyu/caffe-dilation, src/caffe/layers/bin_label_data_layer.cpp.
    """

    field = "bin_label_data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Unknown, labels."""
        return [UNKNOWN, (view.integer("batch_size"), 1, *slice_size(view))]
