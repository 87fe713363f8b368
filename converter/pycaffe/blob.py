"""Blobs as scripts see them: data and diff as arrays, the shape, and Caffe's four named axes.

Source: include/caffe/blob.hpp, python/caffe/_caffe.cpp.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from converter.net.net import Shape
from converter.pycaffe.memory import Array, SyncedMemory


class Blob:
    """One blob of a net or layer."""

    def __init__(self, shape: Shape = ()) -> None:
        self.data_memory = SyncedMemory(shape)
        self.diff_memory = SyncedMemory(shape)

    @classmethod
    def sharing(cls, other: Blob) -> Blob:
        """A blob of another's values, with a diff of its own."""
        blob = cls(other.shape)
        blob.data_memory = other.data_memory
        return blob

    @property
    def data(self) -> Array:
        """The values, float32 of `shape`, to read and to write."""
        return self.data_memory.array()

    @property
    def diff(self) -> Array:
        """The gradients, float32 of `shape`, to read and to write; zeros before the first backward pass."""
        return self.diff_memory.array()

    @property
    def shape(self) -> Shape:
        """The axes' sizes."""
        return self.data_memory.shape

    @property
    def count(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape))

    @property
    def num(self) -> int:
        """Size of axis 0 of at most four; 1 where there are fewer."""
        return self._legacy_axis(0)

    @property
    def channels(self) -> int:
        """Size of axis 1 of at most four; 1 where there are fewer."""
        return self._legacy_axis(1)

    @property
    def height(self) -> int:
        """Size of axis 2 of at most four; 1 where there are fewer."""
        return self._legacy_axis(2)

    @property
    def width(self) -> int:
        """Size of axis 3 of at most four; 1 where there are fewer."""
        return self._legacy_axis(3)

    def reshape(self, *sizes: int) -> None:
        """Take another shape; layers behind follow in `Net.reshape` or the next forward pass.

        Raises:
            ValueError: a negative size.
        """
        shape = tuple(int(size) for size in sizes)
        if any(size < 0 for size in shape):
            raise ValueError(f"Blob.reshape{shape}: a negative size; expected 0 or more everywhere; correct it")
        self.data_memory.reshape(shape)
        self.diff_memory.reshape(shape)

    def _legacy_axis(self, axis: int) -> int:
        """A named axis.

        Raises:
            ValueError: more than four axes.
        """
        if len(self.shape) > 4:
            raise ValueError(f"a blob of shape {self.shape} has no num, channels, height and width; use shape")
        return self.shape[axis] if axis < len(self.shape) else 1


class BlobVec(list[Blob]):
    """A layer's blobs, to which a Python layer adds its own in `setup`."""

    def __init__(self, blobs: Iterable[Blob] = ()) -> None:
        super().__init__(blobs)

    def add_blob(self, *sizes: int, **unknown: Any) -> None:
        """Append a blob of zeros.

        Raises:
            RuntimeError: keywords were given.
        """
        if unknown:
            raise RuntimeError(f"BlobVec.add_blob takes no keywords; seen {', '.join(unknown)}; give sizes alone")
        self.append(Blob(tuple(int(size) for size in sizes)))
