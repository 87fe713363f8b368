"""HDF5Output's file: what two bottoms hold, as the data sets `data` and `label`. No torch here.

Source: src/caffe/layers/hdf5_output_layer.cpp, which writes once; here a later pass replaces what an earlier wrote.
"""

from __future__ import annotations

from dataclasses import dataclass

from converter.data.transforms import Array
from converter.errors import DatasetError
from converter.net.net import Layer


@dataclass(frozen=True, slots=True)
class Hdf5Writer:
    """Writes one layer's file."""

    path: str

    @classmethod
    def of(cls, layer: Layer) -> Hdf5Writer:
        """The writer of an HDF5Output layer; `file_name` is relative to the working folder."""
        return cls(layer.params().message("hdf5_output_param").text("file_name"))

    def write(self, data: Array, label: Array) -> None:
        """Write both bottoms, (n, …) float32, with four axes as Caffe does; the file is whole or not there.

        Raises:
            DatasetError: the bottoms differ in their first axis.
            OutputError: the file cannot be written.
        """
        from converter.formats.weights.hdf5_writer import create

        if data.shape[:1] != label.shape[:1]:
            text = f"data of shape {data.shape} and label of shape {label.shape} differ in items; give as many of both"
            raise DatasetError(text, path=self.path)
        with create(self.path) as file:
            for name, values in (("data", data), ("label", label)):
                file.create_dataset(name, data=values.reshape(values.shape + (1,) * (4 - values.ndim)))
