"""Blobs handed on a few megabytes at a time: from the file they lie in, so that memory does not grow with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from converter.formats.weights.stored import Array, StoredBlob

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Flow:
    """A blob of `shape` and `dtype`; `chunks()` gives its numbers in order as flat arrays, afresh each time."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: Callable[[], Iterable[Array]]

    @property
    def size(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)


def flow(blob: StoredBlob, path: str = "", multiple: int = 1) -> Flow:
    """A blob, read again from `path` where it lies there in one run, from memory where it does not.

    Every chunk but the last is a multiple of `multiple` numbers. Reading past the map keeps its pages out of memory.
    """
    step = max(1, CHUNK // multiple) * multiple
    array = blob.array

    def chunks() -> Iterator[Array]:
        for start in range(0, array.size, step):
            count = min(step, array.size - start)
            if blob.offset < 0 or not path:
                yield array.reshape(-1)[start : start + count]
            else:
                with Path(path).open("rb", buffering=0) as file:
                    yield np.fromfile(file, array.dtype, count, offset=blob.offset + start * array.itemsize)

    return Flow(array.shape, array.dtype, chunks)


def as_flow(blob: Array | Flow) -> Flow:
    """An array in memory, or a flow as it is."""
    return blob if isinstance(blob, Flow) else flow(StoredBlob(blob), multiple=max(1, math.prod(blob.shape[1:])))
