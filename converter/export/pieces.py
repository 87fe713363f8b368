"""A blob's numbers a piece at a time: out of the file where they lie there in one run, out of memory if not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from converter.formats.stored import Array, StoredBlob

PIECE = 1 << 19
"""Bytes of a piece: it stays in a core's own cache while it is read, looked at and written."""


def pieces(file: BinaryIO | None, blob: StoredBlob, buffer: memoryview) -> Iterator[Array]:
    """The numbers in order, flat, each piece good until the next is asked for.

    Args:
        file: what the blob was read from, opened unbuffered; None where nothing lies in a file.
        blob: the blob.
        buffer: `PIECE` bytes, which the file's pieces are read into.

    Raises:
        OSError: the file cannot be read, or became shorter.
    """
    if file is None or blob.offset < 0:
        step = PIECE // blob.array.itemsize
        for start in range(0, blob.array.size, step):
            yield blob.array.reshape(-1)[start : start + step]
        return
    left = blob.array.nbytes
    file.seek(blob.offset)
    while left:
        part = buffer[: min(left, PIECE)]
        _fill(file, part)
        yield np.frombuffer(part, blob.array.dtype)
        left -= len(part)


def _fill(file: BinaryIO, part: memoryview) -> None:
    """Read until `part` is full."""
    got = 0
    while got < len(part):
        count = file.readinto(part[got:])  # type: ignore[attr-defined]
        if not count:
            raise OSError(0, "it became shorter while it was read")
        got += count
