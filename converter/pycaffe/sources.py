"""Layers whose tops do not come from bottoms: inputs that scripts fill, data layers that read, DummyData's fillers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

from converter.layers.dummydata import DummyData
from converter.plan.plan import ConfiguredLayer

if TYPE_CHECKING:
    from converter.data.caffe_layers import LayerReader
    from converter.data.hdf5_output import Hdf5Writer
    from converter.pycaffe.blob import Blob
    from converter.pycaffe.construction import Construction


class Source(Protocol):
    """What runs in place of a layer's module."""

    def forward(self, device: torch.device) -> None:
        """Write the layer's tops."""


class InputSource:
    """An Input layer: scripts write its tops."""

    def forward(self, device: torch.device) -> None:
        """Leave the tops as they are."""
        del device


class DummySource:
    """DummyData: every top is filled once, and those with a random filler anew in every pass (dummy_data_layer.cpp)."""

    def __init__(self, operator: DummyData, tops: list[Blob]) -> None:
        self._module = operator.module()
        self._random = [filler.random for filler in operator.fillers]
        self._tops = tops
        self._fill([True] * len(tops))

    def forward(self, device: torch.device) -> None:
        """Fill the random tops."""
        del device
        if any(self._random):
            self._fill(self._random)

    def _fill(self, chosen: list[bool]) -> None:
        values = self._module()
        for blob, value, wanted in zip(
            self._tops, values if isinstance(values, tuple) else (values,), chosen, strict=True
        ):
            if wanted:
                blob.data_memory.store(value.clone())


class ReadingSource:
    """A data layer that reads files or the program's memory: one batch a pass."""

    def __init__(self, reader: LayerReader, blobs: dict[str, Blob]) -> None:
        self._reader = reader
        self._blobs = blobs
        self._number = 0

    def forward(self, device: torch.device) -> None:
        """Write the next batch to the tops."""
        for top, value in self._reader.inputs(self._number).items():
            blob = self._blobs[top]
            blob.data_memory.store(torch.from_numpy(value).to(device))
            blob.diff_memory.reshape(blob.shape)
        self._number += 1


class WritingSink:
    """HDF5Output: what its bottoms hold is written at every pass."""

    def __init__(self, writer: Hdf5Writer, bottoms: list[Blob]) -> None:
        self._writer = writer
        self._bottoms = bottoms

    def forward(self, device: torch.device) -> None:
        """Write the bottoms to the file."""
        cpu = torch.device("cpu")
        data, label = (blob.data_memory.tensor(device).to(cpu).numpy() for blob in self._bottoms)
        self._writer.write(data, label)


def source_of(step: ConfiguredLayer, built: Construction, blobs: dict[str, Blob]) -> Source | None:
    """What runs in place of a layer's module; None where the module runs."""
    layer = step.layer
    if layer.name in built.readers:
        return ReadingSource(built.readers[layer.name], blobs)
    if isinstance(step.operator, DummyData):
        return DummySource(step.operator, [blobs[name] for name in layer.tops])
    if layer.type == "HDF5Output":
        from converter.data.hdf5_output import Hdf5Writer

        return WritingSink(Hdf5Writer.of(layer), [blobs[name] for name in layer.bottoms])
    return InputSource() if step.operator.is_input else None
