"""HDF5 weights in Caffe's layout, written whole or not at all; the one reader (`formats.weights.hdf5`) serves both.

Source: src/caffe/net.cpp (ToHDF5): a group for every layer, datasets named by blob index; attributes are ours, Caffe
does not look at them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from converter.errors import OutputError
from converter.files.atomic import atomic_write
from converter.files.stream import BlobStream, as_stream, blob_stream
from converter.formats.weights.stored import Array, OutputWeights

_LONGEST_ATTRIBUTE = 60_000


@contextmanager
def create(path: str | os.PathLike[str]) -> Iterator[h5py.File]:
    """A new HDF5 file that takes its name when the block ends well.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_write(path) as raw:
        target = _Target(raw)
        try:
            with h5py.File(target, "w") as file:
                yield file
        except RuntimeError:
            if target.failure is not None:
                raise target.failure from None
            raise


class _Target:
    """A file for HDF5's library, which remembers what ended a write: at its end the library tells nothing of that."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.failure: OSError | KeyboardInterrupt | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def write(self, data: bytes | memoryview) -> int:
        try:
            return self._raw.write(data)
        except (OSError, KeyboardInterrupt) as error:
            self.failure = error
            raise


def write(path: Path, outgoing: OutputWeights) -> None:
    """Write blobs by layer and position, with the origin, the order and the types in the file's attributes.

    Raises:
        OutputError: the file cannot be written, or a layer's name is none that HDF5 can hold.
    """
    weights = outgoing.weights
    layers_with_blobs = weights.layers_with_blobs()
    types = {layer.name: layer.type for layer in layers_with_blobs.values() if layer.type}
    order = {name: len(layer.stored) for name, layer in layers_with_blobs.items()}
    metadata = {"blob_order": json.dumps(order), "layer_types": json.dumps(types)}
    names = [name for name in dict.fromkeys(layer.name for layer in weights.layers) if name]
    layers = [
        (
            name,
            [blob_stream(blob, weights.path) for blob in layers_with_blobs[name].stored]
            if name in layers_with_blobs
            else (),
        )
        for name in names
    ]
    write_hdf5(path, layers, {**outgoing.origin.table(), **metadata})


def write_hdf5(
    path: str | os.PathLike[str],
    layers: Iterable[tuple[str, Iterable[Array | BlobStream | None]]],
    attributes: Mapping[str, str] | None = None,
) -> None:
    """Write /data/<layer>/<i> for every layer of `layers` (name, blobs); half floats become floats.

    None in a blob's place leaves it out, as Caffe does with one that an earlier layer owns.
    Chunks of a stream must be whole rows of its first axis.

    Raises:
        OutputError: it cannot be written, or a layer's name is none that HDF5 can hold.
    """
    with create(path) as file:
        file.attrs.update({name: text for name, text in (attributes or {}).items() if len(text) < _LONGEST_ATTRIBUTE})
        data = file.create_group("data")
        for name, blobs in layers:
            if not name or {".", "..", ""} & set(name.split("/")) or "\0" in name:
                text = f"layer '{name}' has a name that HDF5 cannot hold; rename it or write another format"
                raise OutputError(text, path=os.fspath(path), layer=name)
            group = _group(data, name)
            for index, blob in enumerate(blobs):
                if blob is not None:
                    _write(group, str(index), as_stream(blob))


def _group(parent: h5py.Group, name: str) -> h5py.Group:
    """The group at a path of names, made where it is missing; bytes that are no UTF-8 go past h5py's own encoding."""
    place = parent.id
    for part in name.encode("utf-8", "surrogateescape").split(b"/"):
        place = h5py.h5g.open(place, part) if place.links.exists(part) else h5py.h5g.create(place, part)
    return h5py.Group(place)


def _write(group: h5py.Group, name: str, blob: BlobStream) -> None:
    """One dataset, contiguous, its numbers handed over a few megabytes at a time, whole rows of the first axis each."""
    dtype = np.dtype("<f8" if blob.dtype.itemsize == 8 else "<f4")
    dataset = group.create_dataset(name, blob.shape, dtype)
    row = 0
    for chunk in blob.chunks():
        rows = chunk.reshape(-1, *blob.shape[1:]).astype(dtype, copy=False)
        if not blob.shape:
            dataset[()] = rows[0]
            return
        dataset[row : row + len(rows)] = rows
        row += len(rows)
