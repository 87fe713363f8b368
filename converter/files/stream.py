"""A blob's numbers a piece at a time: out of the file where they lie there in one run, out of memory if not."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from converter.formats.weights.stored import Array, StoredBlob

PIECE = 1 << 19
"""Bytes of a piece: it stays in a core's own cache while it is read, looked at and written."""

_PAGE = 4096
_LINE = 64


def piece_buffer() -> memoryview:
    """Memory for one piece after the other, which begins with a page and holds a page more than a piece."""
    return memoryview(mmap.mmap(-1, PIECE + _PAGE))


def pieces(file: BinaryIO | None, blob: StoredBlob, buffer: memoryview, out: int = 0) -> Iterator[Array]:
    """The numbers in order, flat, each piece good until the next is asked for.

    Args:
        file: what the blob was read from, opened unbuffered; None where nothing lies in a file.
        blob: the blob.
        buffer: of `piece_buffer`; the file's pieces are read into it.
        out: the place in a file where the numbers are to be written, if they are.

    Raises:
        OSError: the file cannot be read, or became shorter.
    """
    if file is None or blob.offset < 0:
        step = PIECE // blob.array.itemsize
        for start in range(0, blob.array.size, step):
            yield blob.array.reshape(-1)[start : start + step]
        return
    left, start = blob.array.nbytes, _place(blob.offset, out)
    file.seek(blob.offset)
    while left:
        part = buffer[start : start + min(left, PIECE)]
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


def _place(source: int, out: int) -> int:
    """Where in the buffer's first page to read bytes at `source` that go to `out`.

    Processors of the Zen 3 kind copy four times as slowly when, within pages, the bytes' new place is up to 31 bytes
    after their old one; half a page's distance keeps away from that, and a quarter where half a page meets `out`.
    """
    place = (source + _PAGE // 2) % _PAGE // _LINE * _LINE
    return place if (out - place) % _PAGE >= _LINE else (place + _PAGE // 4) % _PAGE
