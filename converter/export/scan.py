"""One pass over a weights file: its SHA-256, and whether every number in its blobs is finite; memory stays small."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from converter.errors import CaffemodelError, WeightsError
from converter.formats.stored import Array, StoredBlob, StoredNet

CHUNK = 1 << 20


class _Place(NamedTuple):
    """A blob and what to call it."""

    layer: str
    number: int
    blob: StoredBlob


def scan(net: StoredNet, *, allow_nan: bool = False) -> str:
    """The SHA-256 of the file that `net` was read from, in hexadecimal.

    Raises:
        WeightsError: a blob holds NaN or infinity, and `allow_nan` is not set; names the layer, the blob and how many.
        CaffemodelError: the file can no longer be read.
    """
    places = [_Place(layer.name, i, blob) for layer in net.weighted().values() for i, blob in enumerate(layer.stored)]
    bad = [0] * len(places)

    def look(which: int, numbers: Array) -> None:
        if not allow_nan:
            bad[which] += _not_finite(numbers)

    try:
        with Path(net.path).open("rb", buffering=0) as file:
            digest = _pass(file, places, look)
    except OSError as error:
        raise CaffemodelError(f"can no longer be read: {error.strerror}", path=net.path) from error
    for count, place in zip(bad, places, strict=True):
        if count:
            raise _refusal(net.path, place, count)
    return digest


def _pass(file: BinaryIO, places: list[_Place], look: Callable[[int, Array], None]) -> str:
    """Hash the whole file in order; blobs are looked at while they pass, those gathered in memory from there."""
    digest, buffer, position = hashlib.sha256(), memoryview(bytearray(CHUNK)), 0
    for which in sorted(range(len(places)), key=lambda which: places[which].blob.offset):
        offset, array = places[which].blob.offset, places[which].blob.array
        if offset < position:
            for start in range(0, array.size, CHUNK):
                look(which, array.reshape(-1)[start : start + CHUNK])
            continue
        for part in _parts(file, buffer, offset - position):
            digest.update(part)
        for part in _parts(file, buffer, array.nbytes):
            digest.update(part)
            look(which, np.frombuffer(part, array.dtype))
        position = offset + array.nbytes
    while count := file.readinto(buffer):  # type: ignore[attr-defined]
        digest.update(buffer[:count])
    return digest.hexdigest()


def _parts(file: BinaryIO, buffer: memoryview, size: int) -> Iterator[memoryview]:
    """The file's next `size` bytes, a buffer at a time, each a whole number of 8-byte words but the last."""
    while size:
        wanted, got = min(size, len(buffer)), 0
        while got < wanted:
            count = file.readinto(buffer[got:wanted])  # type: ignore[attr-defined]
            if not count:
                raise OSError(0, "it became shorter while it was read")
            got += count
        yield buffer[:wanted]
        size -= wanted


def _not_finite(numbers: Array) -> int:
    """How many of the numbers are NaN or infinite."""
    finite = np.isfinite(numbers)
    return 0 if finite.all() else numbers.size - int(np.count_nonzero(finite))


def _refusal(path: str, place: _Place, count: int) -> WeightsError:
    """The error for a blob with numbers that are not finite."""
    text = (
        f"layer '{place.layer}' blob {place.number}: {count} of {place.blob.array.size} numbers are NaN or infinite; "
        "training diverged or the file is damaged: take another snapshot, or keep them with --allow-nan"
    )
    return WeightsError(text, path=path, layer=place.layer)
