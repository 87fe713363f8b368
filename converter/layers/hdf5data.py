"""HDF5Data: batches from HDF5 files, fed by the caller."""

from __future__ import annotations

from converter.fed import UNKNOWN, Fed
from converter.graph.net import Shape
from converter.graph.params import Params
from converter.operator import layer


@layer("HDF5Data")
class HDF5Data(Fed):
    """Tops: one a data set of that name, (batch_size, ...); the files alone say the rest.

    Source: src/caffe/layers/hdf5_data_layer.cpp.
    """

    field = "hdf5_data_param"

    def stated_shapes(self, view: Params, transform: Params) -> list[Shape]:
        """Unknown."""
        return [UNKNOWN] * self.tops
