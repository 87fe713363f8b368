"""Weights files of any size that take no room on the disk: holes where the numbers stand, which read as zeros."""

import math
import os
from collections.abc import Iterable
from pathlib import Path

from tests.wire_bytes import number, piece, shape


def hollow_model(path: Path, layers: Iterable[tuple[str, str, tuple[tuple[int, ...], ...]]]) -> int:
    """A V2 caffemodel of layers (name, type, the blobs' shapes); the result is its size in bytes."""
    with path.open("wb") as file:
        for name, kind, shapes in layers:
            before = piece(1, name.encode()) + piece(2, kind.encode())
            blobs = [_blob(dims) for dims in shapes]
            size = len(before) + sum(len(head) + hole + len(tail) for head, hole, tail in blobs)
            file.write(number(100 * 8 + 2) + number(size) + before)
            for head, hole, tail in blobs:
                file.write(head)
                file.seek(hole, os.SEEK_CUR)
                file.write(tail)
    return path.stat().st_size


def _blob(dims: tuple[int, ...]) -> tuple[bytes, int, bytes]:
    """A layer's field with a blob in it: what stands before the numbers, their size in bytes, what stands behind."""
    hole, tail = 4 * math.prod(dims), shape(*dims)
    data = number(5 * 8 + 2) + number(hole)
    return number(7 * 8 + 2) + number(len(data) + hole + len(tail)) + data, hole, tail
