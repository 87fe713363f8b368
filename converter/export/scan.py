"""Whether every number in a file's blobs is finite: read from the file in pieces, so that memory stays small."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import numpy as np

from converter.errors import CaffemodelError, WeightsError
from converter.formats.stored import Array, StoredBlob, StoredNet

CHUNK = 1 << 20


def refuse_not_finite(net: StoredNet) -> None:
    """Go through a net's blobs and stop at the first that is not sound.

    Raises:
        WeightsError: a blob holds NaN or infinity; names the layer, the blob and how many.
        CaffemodelError: the file can no longer be read.
    """
    layers = net.weighted().values()
    mapped = any(blob.offset >= 0 for layer in layers for blob in layer.stored)
    try:
        with Path(net.path).open("rb", buffering=0) if mapped else nullcontext() as file:
            for layer in layers:
                for number, blob in enumerate(layer.stored):
                    if count := sum(_not_finite(part) for part in _parts(file, blob)):
                        raise _refusal(net.path, layer.name, number, count, blob.array.size)
    except OSError as error:
        raise CaffemodelError(f"can no longer be read: {error.strerror}", path=net.path) from error


def _parts(file: BinaryIO | None, blob: StoredBlob) -> Iterator[Array]:
    """A blob's numbers some at a time: out of the file where they lie there in one run, out of memory if not."""
    if file is None or blob.offset < 0:
        for start in range(0, blob.array.size, CHUNK):
            yield blob.array.reshape(-1)[start : start + CHUNK]
        return
    buffer, left = memoryview(bytearray(min(CHUNK, blob.array.nbytes))), blob.array.nbytes
    file.seek(blob.offset)
    while left:
        piece = buffer[: min(left, CHUNK)]
        _fill(file, piece)
        yield np.frombuffer(piece, blob.array.dtype)
        left -= len(piece)


def _fill(file: BinaryIO, piece: memoryview) -> None:
    """Read until `piece` is full."""
    got = 0
    while got < len(piece):
        count = file.readinto(piece[got:])  # type: ignore[attr-defined]
        if not count:
            raise OSError(0, "it became shorter while it was read")
        got += count


def _not_finite(numbers: Array) -> int:
    """How many of the numbers are NaN or infinite."""
    finite = np.isfinite(numbers)
    return 0 if finite.all() else numbers.size - int(np.count_nonzero(finite))


def _refusal(path: str, layer: str, number: int, count: int, size: int) -> WeightsError:
    """The error for a blob with numbers that are not finite."""
    text = (
        f"layer '{layer}' blob {number}: {count} of {size} numbers are NaN or infinite; "
        "training diverged or the file is damaged: take another snapshot, or keep them with --allow-nan"
    )
    return WeightsError(text, path=path, layer=layer)
