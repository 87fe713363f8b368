"""Datasets of an HDF5 file as arrays, each judged by its header before any of it is read.

A header may promise what the file does not hold: a shape without data, chunks that were never written and would come
back as fill values, chunks far larger than the shape, one dataset under many names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

from converter.files.memory import check_memory, expands_too_far
from converter.formats.weights.stored import Array

MOST_NUMBERS = 2**31 - 1
"""Of one blob, in Caffe (src/caffe/blob.cpp, Reshape)."""

_LARGEST_VALUE = 2**16


class DatasetReader:
    """Reads the datasets of one file and keeps count of what they took.

    Args:
        path: the file.
        size: its bytes.
        error: makes the error of a text.
        weights: the numbers are weights, which compress little; more than they could is refused.
    """

    def __init__(self, path: str, size: int, error: Callable[[str], Exception], *, weights: bool = True) -> None:
        self.path, self.size, self.error, self.weights = path, size, error, weights
        self._taken = 0

    def check(self, dataset: h5py.Dataset) -> None:
        """Refuse a dataset that lies in another file, or whose data are not all there.

        Raises:
            Exception: it does; of the class that `error` makes.
        """
        if dataset.external or dataset.is_virtual:
            raise self.error(f"'{dataset.name}' lies in another file; copy the data into this one")
        if dataset.size is None or dataset.size > MOST_NUMBERS or (dataset.size and not _has_data(dataset)):
            what = f"'{dataset.name}' has shape {dataset.shape} and no data, or not all of them"
            raise self.error(f"{what}; the file is damaged, download it again")

    def read(self, dataset: h5py.Dataset, dtype: str | None = None) -> Array:
        """A copy of a checked dataset's data, in its own shape and type, little-endian, or in another.

        Raises:
            Exception: the file would expand further than weights do; of the class that `error` makes.
            MemoryLimitError: it does not fit into memory.
        """
        wanted = np.dtype(dtype or dataset.dtype).newbyteorder("<")
        self._taken += dataset.size * max(wanted.itemsize, dataset.dtype.itemsize)
        needed = self._taken + math.prod(dataset.chunks or (0,)) * dataset.dtype.itemsize
        if self.weights and expands_too_far(needed, self.size):
            what = f"with '{dataset.name}' {self.size} bytes would expand to {needed}"
            raise self.error(f"{what}; weights do not compress so far, download it again")
        check_memory(needed, f"with '{dataset.name}' the data", path=self.path)
        array: Array = np.ascontiguousarray(dataset[()], wanted).reshape(dataset.shape)
        return array


def is_single(dataset: Any) -> bool:
    """Whether it is a dataset of one value, and no large one, in the file itself."""
    if not isinstance(dataset, h5py.Dataset) or dataset.size != 1 or dataset.external or dataset.is_virtual:
        return False
    return bool(math.prod(dataset.chunks or (1,)) * dataset.dtype.itemsize <= _LARGEST_VALUE)


def _has_data(dataset: h5py.Dataset) -> bool:
    """Whether every number stands in the file: every chunk of a chunked dataset is there."""
    if dataset.chunks:
        chunks = math.prod(-(-size // chunk) for size, chunk in zip(dataset.shape, dataset.chunks, strict=True))
        return bool(dataset.id.get_num_chunks() >= chunks)
    return bool(dataset.id.get_storage_size())


def text_attributes(item: Any, most: int, error: Callable[[str], Exception]) -> dict[str, str]:
    """The attributes that are texts, of `most` characters in all.

    Raises:
        Exception: there are more; of the class that `error` makes.
    """
    found, left = {}, most
    for name in item.attrs:
        kind = item.attrs.get_id(name)
        if kind.shape != () or h5py.check_string_dtype(kind.dtype) is None:
            continue
        value = item.attrs[name]
        left -= len(value) + len(name)
        if left < 0:
            raise error("holds attributes that would expand; the file is damaged, download it again")
        if isinstance(value, str):
            found[str(name)] = value
    return found
