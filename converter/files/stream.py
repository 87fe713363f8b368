"""A blob's numbers a chunk at a time: out of the file where they lie there in one run, out of memory if not."""

from __future__ import annotations

import math
import mmap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeAlias

from converter.files.pages import PAGE, buffer_place

if TYPE_CHECKING:
    import numpy as np

Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"

CHUNK_BYTES = 1 << 19
"""Bytes of a chunk: it stays in a core's own cache while it is read, looked at and written."""


def chunk_buffer() -> memoryview:
    """Memory for one chunk after the other, which begins with a page and holds a page more than a chunk."""
    return memoryview(mmap.mmap(-1, CHUNK_BYTES + PAGE))


def chunks(file: BinaryIO | None, blob: Numbers, buffer: memoryview | None = None) -> Iterator[Array]:
    """The numbers in order, flat (n,), each chunk good until the next is asked for.

    Args:
        file: what the blob was read from, opened unbuffered; None where nothing lies in a file.
        blob: the blob.
        buffer: of `chunk_buffer`; the file's chunks are read into it.

    Raises:
        OSError: the file cannot be read, or became shorter.
    """
    array = blob.array
    if file is None or blob.offset < 0:
        step = CHUNK_BYTES // array.itemsize
        for start in range(0, array.size, step):
            yield array.reshape(-1)[start : start + step]
        return
    import numpy as np

    buffer = chunk_buffer() if buffer is None else buffer
    left, start = array.nbytes, buffer_place(blob.offset)
    file.seek(blob.offset)
    while left:
        part = buffer[start : start + min(left, CHUNK_BYTES)]
        _fill(file, part)
        yield np.frombuffer(part, array.dtype)
        left -= len(part)


def _fill(file: BinaryIO, part: memoryview) -> None:
    """Read until `part` is full."""
    got = 0
    while got < len(part):
        count = file.readinto(part[got:])  # type: ignore[attr-defined]
        if not count:
            raise OSError(0, "it became shorter while it was read")
        got += count


class Numbers(Protocol):
    """An array, and where its bytes begin in a file; -1 where they are in memory alone."""

    @property
    def array(self) -> Array:
        """The numbers."""
        ...

    @property
    def nbytes(self) -> int:
        """How many bytes."""
        ...

    @property
    def number_type(self) -> str:
        """The numbers' type as numpy writes it, `<f4`."""
        ...

    @property
    def offset(self) -> int:
        """The place of their first byte."""
        ...


STREAM_NUMBERS = 1 << 20
"""Numbers that a stream hands on at a time."""


@dataclass(frozen=True, slots=True)
class BlobStream:
    """A blob of `shape` and `dtype`; `chunks()` gives its numbers in order as flat arrays, afresh each time."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: Callable[[], Iterable[Array]]

    @property
    def size(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)


def blob_stream(blob: Numbers, path: str = "") -> BlobStream:
    """A blob, read again from `path` where it lies there in one run, from memory where it does not.

    Every chunk but the last holds whole rows of the first axis, which HDF5 wants. Reading past the map keeps its pages
    out of memory.
    """
    array = blob.array
    row = max(1, math.prod(array.shape[1:]))
    step = max(1, STREAM_NUMBERS // row) * row

    def chunks() -> Iterator[Array]:
        for start in range(0, array.size, step):
            count = min(step, array.size - start)
            if blob.offset < 0 or not path:
                yield array.reshape(-1)[start : start + count]
            else:
                import numpy as np

                with Path(path).open("rb", buffering=0) as file:
                    yield np.fromfile(file, array.dtype, count, offset=blob.offset + start * array.itemsize)

    return BlobStream(array.shape, array.dtype, chunks)


@dataclass(frozen=True, slots=True)
class InMemory:
    """An array that lies in no file."""

    array: Array
    offset: int = -1

    @property
    def nbytes(self) -> int:
        """How many bytes."""
        return int(self.array.nbytes)

    @property
    def number_type(self) -> str:
        """The numbers' type as numpy writes it, `<f4`."""
        return self.array.dtype.str


def as_stream(blob: Array | BlobStream) -> BlobStream:
    """An array of any shape in memory as a stream; a stream as it is."""
    return blob if isinstance(blob, BlobStream) else blob_stream(InMemory(blob))
