"""Bytes of blobs into a file by threads, with a look at every number's highest byte on the way; without numpy."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, TypeAlias

from converter.files.pages import PAGE, buffer_place

if TYPE_CHECKING:
    from converter.files.stream import Numbers

COPY_BYTES = 1 << 20
"""Bytes read and written at a time: fewer wait more often for Python's lock, more leave the processor's caches."""

_HIGHEST_BYTES = {2: (0x7C, 0x7D, 0x7E, 0x7F, 0xFC, 0xFD, 0xFE, 0xFF), 4: (0x7F, 0xFF), 8: (0x7F, 0xFF)}
"""By bytes of a number: the highest byte's values where the exponent's bits that lie in it are all ones (IEEE 754)."""


_Part: TypeAlias = tuple[int, int, int, int]
"""Numbers on their way: their place in one file and in the other, how many bytes they are, and bytes of a number."""


class _Copy:
    """What the threads share: each takes the next of `parts`, from descriptor `source` to descriptor `out`."""

    def __init__(self, source: int, out: int, parts: Iterator[_Part]) -> None:
        self.source, self.out, self.parts = source, out, parts
        self.suspect = self.stopped = False
        self.errors: list[Exception] = []

    def work(self) -> None:
        """Copy parts until there are none, or something is wrong."""
        buffer = bytearray(COPY_BYTES + 2 * PAGE)
        page = -ctypes.addressof(ctypes.c_char.from_buffer(buffer)) % PAGE
        with memoryview(buffer) as view:
            try:
                for start, place, size, width in self.parts:
                    if self.stopped:
                        return
                    first = page + buffer_place(start, place)
                    part = view[first : first + size]
                    _read(self.source, part, start)
                    if not self.suspect:
                        highest = buffer[first + width - 1 : first + size : width]
                        self.suspect = any(value in highest for value in _HIGHEST_BYTES[width])
                    _write(self.out, part, place)
            except Exception as error:  # noqa: BLE001 - a thread would lose it with its part: `_by_threads` raises it
                self.errors.append(error)
                self.stopped = True


def copy_blobs(
    source: str | os.PathLike[str], blobs: Iterable[Numbers], out: int, place: int, *, threads: int = 2
) -> bool:
    """Write blobs' bytes one after the other into the file of descriptor `out`, from byte `place` on.

    Writing is what takes the time, and one thread writes while the other reads and looks.

    Args:
        source: the file that blobs with a place in it lie in, little-endian; others are taken from memory.
        blobs: in order.
        out: the descriptor; its position stays.
        place: of the first byte.
        threads: one of them this one; more than two would wait for one another, since one at a time writes to a file.

    Returns:
        Whether any number may be NaN or infinite. False is certain; so large a number as 1.7e38 is True as well, and
        so is a blob in memory.

    Raises:
        OSError: reading or writing failed, the disk is full, the source ended early.
    """
    parts: list[_Part] = []
    suspect = False
    for blob in blobs:
        if blob.offset < 0:
            suspect = True
            _write(out, blob.array.ravel().view("u1").data, place)
        else:
            parts += _parts(blob, place)
        place += blob.nbytes
    if not parts:
        return suspect
    with Path(source).open("rb", buffering=0) as file:
        return _by_threads(_Copy(file.fileno(), out, iter(parts)), threads) or suspect


def _parts(blob: Numbers, place: int) -> Iterator[_Part]:
    """A blob in parts of whole numbers that end where multiples of `COPY_BYTES` do, or up to a number before.

    That lets the system take its largest pages.
    """
    width, start = int(blob.number_type[2:]), 0
    while start < blob.nbytes:
        room = COPY_BYTES - (place + start) % COPY_BYTES
        size = min(room - room % width or COPY_BYTES, blob.nbytes - start)
        yield blob.offset + start, place + start, size, width
        start += size


def _by_threads(copy: _Copy, threads: int) -> bool:
    """Work, wait for other threads, whatever happens to this one, and say whether a number is suspect."""
    others = [Thread(target=copy.work, name="copy", daemon=True) for _ in range(threads - 1)]
    for other in others:
        other.start()
    try:
        copy.work()
    except BaseException:  # Ctrl-C: the descriptor must not be closed, and its number given away, while it is written
        copy.stopped = True
        raise
    finally:
        for other in others:
            other.join()
    if copy.errors:
        raise copy.errors[0]
    return copy.suspect


def _read(source: int, part: memoryview, place: int) -> None:
    """Read until `part` is full."""
    while part:
        count = os.preadv(source, [part], place)
        if not count:
            raise OSError(0, "the source ended while it was copied")
        part, place = part[count:], place + count


def _write(out: int, part: memoryview, place: int) -> None:
    """Write every byte, however few the system takes at once."""
    while part:
        count = os.pwrite(out, part, place)
        part, place = part[count:], place + count
