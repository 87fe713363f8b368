"""`.h5`: Caffe's own HDF5 layout, with the origin in the file's attributes."""

from __future__ import annotations

from pathlib import Path

from converter.conversion.content import Content
from converter.formats.weights.hdf5_writer import write_hdf5
from converter.formats.weights.keyed import order_metadata


def save(content: Content, path: Path) -> None:
    """Write the blobs by layer and index.

    Raises:
        OutputError: the file cannot be written, or a layer's name is none that HDF5 can hold.
        WeightsError: a blob holds numbers that are not finite.
    """
    content.check()
    metadata = {**content.origin(content.sha256), **order_metadata(content.net)}
    weighted = content.net.weighted()
    names = dict.fromkeys(layer.name for layer in content.net.layers)
    layers = [(name, content.flows(weighted[name]) if name in weighted else ()) for name in names if name]
    write_hdf5(path, layers, metadata)
