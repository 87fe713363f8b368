"""Reads Caffe's HDF5 weights, .caffemodel.h5: /data/<layer>/<i>, through h5py (src/caffe/net.cpp, ToHDF5).

HDF5 is a format of several hundred pages: a reader of our own would be larger than the oracle. h5py hands over arrays
and knows nothing of Caffe; it is imported here alone, and only when such a file is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.errors import WireError
from reference.memory import check_expansion
from reference.names import decode
from reference.stored import Blob, StoredLayer

MAGIC = b"\x89HDF\r\n\x1a\n"
_DEEPEST = 32


def read_hdf5(path: str) -> list[StoredLayer]:
    """An HDF5 file of Caffe's -> its layers with blobs.

    A layer's name with slashes makes nested groups. A blob that an earlier layer owns is left out by Caffe, so each
    layer's `places` say which blobs it has.

    Raises:
        WireError: it is cut off or damaged, has no group /data, links elsewhere, or would expand beyond reason.
    """
    import h5py  # noqa: TID251 - the one place, see this module's docstring

    try:
        with h5py.File(path, "r") as file:
            return _Reader(h5py, path).layers(file)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise WireError(f"is no HDF5 file that reads: {error}", path=path) from None


class _Reader:
    def __init__(self, h5py: Any, path: str) -> None:
        self.h5py = h5py
        self.path = path
        self.taken = 0

    def layers(self, file: Any) -> list[StoredLayer]:
        if "data" not in file or not isinstance(self.child(file, b"data"), self.h5py.Group):
            raise WireError("has no group /data; HDF5 weights of Caffe's were expected", path=self.path)
        return [layer for layer in self.walk(file["data"], "") if layer.blobs]

    def walk(self, parent: Any, prefix: str) -> Iterator[StoredLayer]:
        if prefix.count("/") > _DEEPEST:
            raise WireError(f"has groups more than {_DEEPEST} deep", path=self.path)
        for key in parent.id:  # bytes: h5py's own keys are text, and fail where they are not UTF-8
            item = self.child(parent, key)
            if isinstance(item, self.h5py.Group):
                name = prefix + decode(key)
                yield self.layer(item, name)
                yield from self.walk(item, f"{name}/")

    def child(self, parent: Any, key: bytes) -> Any:
        if parent.id.links.get_info(key).type != self.h5py.h5l.TYPE_HARD:
            raise WireError(f"'{decode(key)}' is a link to elsewhere; expected the data itself", path=self.path)
        return parent[key]

    def layer(self, group: Any, name: str) -> StoredLayer:
        datasets = {int(key): self.child(group, key) for key in group.id if key.isdigit()}
        held = {place: item for place, item in sorted(datasets.items()) if isinstance(item, self.h5py.Dataset)}
        blobs = tuple(self.blob(item, f"{name}/{place}") for place, item in held.items())
        return StoredLayer(name, "", blobs, tuple(held))

    def blob(self, dataset: Any, where: str) -> Blob:
        if dataset.dtype.kind not in "fiu" or dataset.shape is None or dataset.is_virtual or dataset.external:
            raise WireError(f"{where!r} is no plain array of numbers", path=self.path)
        chunk = dataset.chunks or ()
        self.taken += math.prod(dataset.shape) * dataset.dtype.itemsize
        check_expansion(self.taken + math.prod(chunk or (0,)) * dataset.dtype.itemsize, self.path, where)
        chunks = math.prod(-(-size // step) for size, step in zip(dataset.shape, chunk, strict=bool(chunk)))
        lacking = dataset.id.get_num_chunks() < chunks if chunk else not dataset.id.get_storage_size()
        if lacking and dataset.size:
            raise WireError(f"does not hold all data of {where!r}", path=self.path)
        return Blob(np.asarray(dataset[()]), tuple(dataset.shape))
