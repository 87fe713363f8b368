"""HDF5Output: Caffe writes its bottoms to a file; the oracle, which keeps every blob, writes nothing."""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "HDF5Output"
MESSAGES = ("hdf5_output_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """bottoms: any; returns nothing."""
    return []
