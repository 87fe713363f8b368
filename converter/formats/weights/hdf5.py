"""HDF5 weights and solver states as Caffe lays them out: /data/<layer>/<i>, and /iter, /current_step, /history/<i>.

A layer's name with slashes makes nested groups. Contiguous datasets become views into the mapped file; others are read.
Links that lead elsewhere (soft, external, virtual and external storage) are refused: a weights file holds its weights.
Source: src/caffe/net.cpp (ToHDF5, CopyTrainedLayersFromHDF5), src/caffe/util/hdf5.cpp.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import h5py
import numpy as np

from converter.errors import CaffemodelError, ConversionError
from converter.files.mapping import Mapped, map_file
from converter.formats.detect import format_of, wrong_format
from converter.formats.hdf5_dataset import DatasetReader, is_single, text_attributes
from converter.formats.protobuf.blob import MAX_AXES
from converter.formats.weights.keys import table
from converter.formats.weights.stored import StoredBlob, StoredLayer, StoredWeights

_DEEPEST = 32


def read_hdf5(path: str | os.PathLike[str]) -> StoredWeights:
    """The weights in an HDF5 file. Caffe's have no types and stand by name; ours have types and the net's order.

    Raises:
        CaffemodelError: it is missing, is no HDF5 file, is truncated or damaged, has no /data, or holds links.
    """
    with open_hdf5(path) as (file, mapped):
        data = group(file, "data", mapped)
        if data is None:
            raise mapped.error("has no group /data; is it Caffe's weights file? a solver state is not one")
        metadata = text_attributes(file, mapped.size, mapped.error)
        types = table(metadata, "layer_types")
        found = [
            replace(layer, type=str(types.get(layer.name, "")))
            for layer in _layers(data, mapped, "", set(), reader_of(mapped))
        ]
    order = {name: place for place, name in enumerate(table(metadata, "blob_order"))}
    layers = tuple(sorted(found, key=lambda layer: order.get(layer.name, len(order))))
    return StoredWeights(mapped.path, metadata.get("net", ""), layers, mapped, metadata)


@contextmanager
def open_hdf5(path: str | os.PathLike[str]) -> Iterator[tuple[h5py.File, Mapped]]:
    """An HDF5 file, open to read, and the same file mapped; h5py's errors inside the block become `CaffemodelError`."""
    mapped = map_file(path)
    if (kind := format_of(mapped)) != "hdf5":
        raise wrong_format(mapped.path, kind)
    try:
        with h5py.File(mapped.path, "r") as file:
            yield file, mapped
    except ConversionError:
        raise
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        text = f"HDF5 that does not read ({error}); the file is truncated or damaged, download it again"
        raise CaffemodelError(text, path=mapped.path) from error


def group(parent: h5py.Group, name: str, mapped: Mapped) -> h5py.Group | None:
    """The group `name` of `parent`, None where there is none."""
    item = child(parent, name, mapped) if name in parent else None
    return item if isinstance(item, h5py.Group) else None


def child(parent: h5py.Group, name: str | bytes, mapped: Mapped) -> Any:
    """A group's member, which must lie in this file under this name; h5py gives a name that is no UTF-8 as bytes."""
    name = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    raw = name.encode("utf-8", "surrogateescape")
    if parent.id.links.get_info(raw).type != h5py.h5l.TYPE_HARD:
        raise mapped.error(f"'{parent.name}/{name}' is a link to elsewhere; copy the data into the file")
    item = h5py.h5o.open(parent.id, raw)
    if isinstance(item, h5py.h5g.GroupID):
        return h5py.Group(item)
    return h5py.Dataset(item) if isinstance(item, h5py.h5d.DatasetID) else item


def reader_of(mapped: Mapped) -> DatasetReader:
    """What reads the datasets of a weights file that cannot be views of it."""
    return DatasetReader(mapped.path, mapped.size, mapped.error)


def datasets_by_index(parent: h5py.Group, mapped: Mapped, reader: DatasetReader) -> dict[int, StoredBlob]:
    """The datasets of a group whose names are numbers, in order; one may be missing where a parameter is shared.

    Raises:
        CaffemodelError: one of them is no array of floats, has no data, or would expand further than weights do.
        MemoryLimitError: it does not fit into memory.
    """
    names = sorted((name for name in parent if name.isascii() and name.isdigit() and len(name) <= 4), key=int)
    items = {int(name): child(parent, name, mapped) for name in names}
    return {index: _blob(item, mapped, reader) for index, item in items.items() if isinstance(item, h5py.Dataset)}


def number(parent: h5py.Group, name: str, mapped: Mapped) -> int:
    """The one integer of a dataset that has one axis or none."""
    item = child(parent, name, mapped)
    if not is_single(item) or item.dtype.kind not in "iu":
        raise mapped.error(f"'/{name}' is no single integer; the file is damaged, download it again")
    return int(np.asarray(item[()]).reshape(-1)[0])


def word(parent: h5py.Group, name: str, mapped: Mapped) -> str:
    """The text of a scalar dataset."""
    item = child(parent, name, mapped)
    if not is_single(item) or item.dtype.kind not in "SO":
        raise mapped.error(f"'/{name}' is no single text; the file is damaged, download it again")
    value = item[()]
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _layers(
    parent: h5py.Group, mapped: Mapped, prefix: str, seen: set[int], reader: DatasetReader
) -> Iterator[StoredLayer]:
    """Every layer under a group, slashes in names joined again; `seen` holds where the groups so far lie."""
    address = h5py.h5o.get_info(parent.id).addr
    if address in seen or prefix.count("/") > _DEEPEST:
        raise mapped.error(f"'{parent.name}' lies in itself or too deep; the file is damaged, download it again")
    seen.add(address)
    for given in parent:
        item = child(parent, given, mapped)
        if not isinstance(item, h5py.Group):
            continue
        blobs = datasets_by_index(item, mapped, reader)
        name = given.decode("utf-8", "surrogateescape") if isinstance(given, bytes) else given
        inner = list(_layers(item, mapped, f"{prefix}{name}/", seen, reader))
        if blobs or not inner:
            yield StoredLayer(f"{prefix}{name}", stored=tuple(blobs.values()), names=_names(blobs))
        yield from inner


def _names(blobs: Mapping[int, StoredBlob]) -> tuple[str, ...]:
    """The blobs' places, as names, where a shared one is missing; empty where all are there."""
    return () if list(blobs) == list(range(len(blobs))) else tuple(f"blob{index}" for index in blobs)


def _blob(dataset: h5py.Dataset, mapped: Mapped, reader: DatasetReader) -> StoredBlob:
    """A dataset of floats, as a view where it is contiguous and little-endian."""
    dtype, shape = dataset.dtype, dataset.shape
    if dtype.kind != "f" or dtype.itemsize > 8 or shape is None or len(shape) > MAX_AXES:
        raise mapped.error(f"'{dataset.name}' holds {dtype} of shape {shape}, not an array of floats")
    reader.check(dataset)
    offset = _offset(dataset)
    if offset is None or offset + dataset.nbytes > mapped.size:
        return StoredBlob(reader.read(dataset))
    return StoredBlob(mapped.view(dtype.newbyteorder("<").str, offset, dataset.size).reshape(shape), offset=offset)


def _offset(dataset: h5py.Dataset) -> int | None:
    """Where a plain dataset's bytes begin; None where they are chunked, compact, big-endian or of bits placed oddly."""
    plist = dataset.id.get_create_plist()
    plain = plist.get_layout() == h5py.h5d.CONTIGUOUS and dataset.dtype.str.startswith("<")
    ordinary = dataset.id.get_type().equal(h5py.h5t.py_create(dataset.dtype))  # HDF5's floats may have any exponent
    if not plain or not ordinary or not dataset.size:
        return None
    offset = dataset.id.get_offset()
    return None if offset is None else int(offset)
