"""Blobs that another program stored in an npz file (genuine Caffe, say), to verify against."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from converter.errors import ComparisonError

Array: TypeAlias = "np.ndarray[Any, Any]"
_KINDS = ("in", "out", "sample", "shape")


@dataclass(frozen=True, slots=True)
class StoredBlobs:
    """Arrays by blob name: `inputs` that were fed, whole blobs, samples of blobs, and shapes alone."""

    path: str
    inputs: dict[str, Array]
    blobs: dict[str, Array]
    samples: dict[str, Array]
    shapes: dict[str, tuple[int, ...]]


def read_blobs(path: str | os.PathLike[str]) -> StoredBlobs:
    """An npz whose keys are blob names, or `in:BLOB`, `out:BLOB`, `sample:BLOB`, `shape:BLOB`.

    Raises:
        ComparisonError: the file is missing, is no npz, is damaged, or holds anything but numbers.
    """
    name = os.fspath(path)
    try:
        with np.load(name, allow_pickle=False) as stored:
            if not isinstance(stored, np.lib.npyio.NpzFile):
                raise ComparisonError("holds a single array; expected an npz of blobs by name", path=name)
            arrays = {key: stored[key] for key in stored.files}
    except FileNotFoundError as error:
        raise ComparisonError("cannot be read: no such file; check the path", path=name) from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile, KeyError) as error:
        raise ComparisonError(f"is not an npz of blobs: {error}; write it with numpy.savez", path=name) from error
    return _sorted_out(name, arrays)


def _sorted_out(path: str, arrays: dict[str, Array]) -> StoredBlobs:
    found: dict[str, dict[str, Array]] = {kind: {} for kind in _KINDS}
    for key, array in arrays.items():
        if array.dtype.kind not in "fiub":
            raise ComparisonError(f"{key}: holds {array.dtype}, not numbers", path=path)
        kind, colon, blob = key.partition(":")
        if colon and kind in _KINDS:
            found[kind][blob] = array
        else:
            found["out"][key] = array
    if not found["out"] and not found["sample"]:
        raise ComparisonError("holds no blobs; expected arrays by blob name", path=path)
    shapes = {blob: tuple(int(size) for size in array) for blob, array in found["shape"].items()}
    return StoredBlobs(path, found["in"], found["out"], found["sample"], shapes)


def sample(array: Array, count: int) -> Array:
    """The elements that a `sample:BLOB` of `count` values holds: places spread by a multiplicative hash."""
    places = np.arange(count, dtype=np.uint64) * np.uint64(2654435761) % np.uint64(array.size)
    return np.asarray(array.ravel()[places.astype(np.int64)])
