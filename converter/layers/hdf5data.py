"""HDF5Data: batches from HDF5 files, fed by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.data import UNKNOWN, DataLayer
from converter.layers.layer import layer

if TYPE_CHECKING:
    from converter.net.net import Shape
    from converter.net.params import Params


@layer("HDF5Data")
class HDF5Data(DataLayer):
    """Tops: one a data set of that name, (batch_size, ...); the files alone say the rest.

    Source: src/caffe/layers/hdf5_data_layer.cpp.
    """

    field = "hdf5_data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Unknown."""
        return [UNKNOWN] * self.tops
