"""Weights files of every format that the oracle reads, told apart by their first bytes, each by a reader of its own.

.caffemodel (reference/wire.py), safetensors (a JSON table before the numbers), .npz (numpy), HDF5 in Caffe's layout
(h5py). A .pth is torch's own pickle: whoever has torch hands its plain dict of arrays to `reference.run`.
"""

from __future__ import annotations

import json
import math
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.errors import WireError
from reference.keyed import stored_layers
from reference.net import Net
from reference.wire import Blob, StoredLayer, read_weights

_TYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
_DEEPEST = 32


def read_stored(path: str | Path, net: Net) -> list[StoredLayer]:
    """A weights file -> its layers with blobs in Caffe's order.

    Raises:
        WireError: the file is missing, cut off, or none of the formats.
        WeightsError: a file by key whose keys are not the net's.
    """
    if "," in str(path) and not Path(path).exists():  # Caffe's --weights a,b: of a layer in both the last counts
        return [layer for part in str(path).split(",") if part for layer in read_stored(part, net)]
    try:
        with Path(path).open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise WireError(f"cannot be read: {error.strerror or error}", path=str(path)) from None
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return _hdf5(str(path))
    if head[8:9] == b"{":
        return stored_layers(_safetensors(str(path)), net, str(path))
    if head.startswith(b"PK"):
        return stored_layers(_npz(str(path)), net, str(path))
    return read_weights(path)


def _safetensors(path: str) -> dict[str, NDArray[np.generic]]:
    """Eight bytes of length, a JSON table of {key: dtype, shape, data_offsets}, the numbers."""
    size = os.path.getsize(path)  # noqa: PTH202 - the name is text here
    with open(path, "rb") as file:  # noqa: PTH123
        length = int.from_bytes(file.read(8), "little")
        if length > size - 8:
            raise WireError(f"its table of {length} bytes is longer than the file of {size}", path=path)
        try:
            table: Any = json.loads(file.read(length))
        except (ValueError, RecursionError):
            raise WireError("its table is no JSON; is the file cut off?", path=path) from None
    if not isinstance(table, dict):
        raise WireError("its table is no JSON object; is the file cut off?", path=path)
    data = np.memmap(path, np.uint8, "r")
    found: dict[str, NDArray[np.generic]] = {}
    for key, entry in table.items():
        if key != "__metadata__":
            found[key] = _tensor(data, 8 + length, key, entry, path)
    return found


def _tensor(data: NDArray[np.uint8], base: int, key: str, entry: Any, path: str) -> NDArray[np.generic]:
    try:
        kind, shape, (begin, end) = _TYPES[entry["dtype"]], tuple(entry["shape"]), entry["data_offsets"]
        count = math.prod(shape) * np.dtype(kind).itemsize
        if not 0 <= begin <= end <= data.size - base or end - begin != count or min(shape, default=0) < 0:
            raise ValueError(key)
        return np.frombuffer(data[base + begin : base + end].tobytes(), kind).reshape(shape)
    except (KeyError, TypeError, ValueError):
        raise WireError(f"the entry of {key!r} does not fit the file; is it cut off?", path=path) from None


def _npz(path: str) -> dict[str, NDArray[np.generic]]:
    """Arrays by key; none that numpy would have to unpickle, none that expand far beyond the archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            large = sum(item.file_size for item in archive.infolist())
        if large > 20 * os.path.getsize(path) + (1 << 20):  # noqa: PTH202
            raise WireError(f"would expand to {large} bytes; weights do not compress so far", path=path)
        with np.load(path, allow_pickle=False) as arrays:
            return {key: np.asarray(arrays[key]) for key in arrays.files}
    except (OSError, ValueError, KeyError, EOFError, SyntaxError, NotImplementedError, zipfile.BadZipFile) as error:
        raise WireError(f"is no archive of arrays: {error}", path=path) from None


def _hdf5(path: str) -> list[StoredLayer]:
    """/data/<layer>/<i>; a layer's name with slashes makes nested groups (src/caffe/net.cpp, ToHDF5)."""
    import h5py  # only here: every other format is read without it

    try:
        with h5py.File(path, "r") as file:
            return _groups(file["data"], "", path, h5py) if "data" in file else []
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise WireError(f"HDF5 does not read it: {error}", path=path) from None


def _groups(parent: Any, prefix: str, path: str, h5py: Any) -> list[StoredLayer]:
    if prefix.count("/") > _DEEPEST:
        raise WireError("groups lie too deep in each other", path=path)
    layers = []
    for name in parent:
        if not isinstance(parent.get(name, getlink=True), h5py.HardLink):
            raise WireError(f"{prefix}{name} is a link to elsewhere", path=path)
        item = parent[name]
        if not isinstance(item, h5py.Group):
            continue
        numbers = sorted(int(key) for key in item if key.isdecimal() and isinstance(item[key], h5py.Dataset))
        if numbers == list(range(len(numbers))):  # a shared blob lies with its owner alone: such layers bring none
            arrays = [np.asarray(item[str(number)][()]) for number in numbers]
            blobs = tuple(Blob(array, array.shape, legacy=False) for array in arrays)
            layers.append(StoredLayer(f"{prefix}{name}", "", blobs))
        layers += _groups(item, f"{prefix}{name}/", path, h5py)
    return [layer for layer in layers if layer.blobs]
