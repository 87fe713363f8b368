"""Mean images: `.binaryproto` (a BlobProto) and `.npy`."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from converter.files.damage import NPY_DAMAGE
from converter.files.mapping import Mapped, map_file
from converter.files.memory import check_memory
from converter.formats.detect import format_of, wrong_format
from converter.formats.protobuf.blob import read_blob
from converter.formats.protobuf.wire import Span


def read_mean(path: str | os.PathLike[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The mean at `path`: (c, h, w) float32 in the file's channel order (BGR in Caffe's own); c numbers give (c, 1, 1).

    Raises:
        CaffemodelError: it is missing, is another kind of file, is damaged, or holds no image.
    """
    file = map_file(path)
    if (kind := format_of(file)) not in ("npy", "binary"):
        raise wrong_format(file.path, kind)
    array = _npy(file) if kind == "npy" else read_blob(file, Span(0, file.size)).array
    check_memory(5 * array.size, "the mean", path=file.path)
    if array.ndim == 4 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 1:
        array = array[:, None, None]
    if array.ndim != 3 or not array.size or not np.isfinite(array).all():
        raise file.error(f"is no mean image: shape {array.shape}, expected (c, h, w) finite numbers; check the path")
    return np.array(array, np.float32)


def _npy(file: Mapped) -> np.ndarray[Any, np.dtype[Any]]:
    """A NumPy array file's numbers; one that would need Python's pickle is refused."""
    try:
        array = np.load(file.path, allow_pickle=False, mmap_mode="r")
    except NPY_DAMAGE as error:
        raise file.error(f"NumPy cannot read it ({error}); the file is truncated or damaged") from error
    if array.dtype.kind not in "fiu":
        raise file.error(f"holds {array.dtype}, not numbers")
    return np.asarray(array)
