"""Bytes from file to file by the kernel where it can (copy_file_range, sendfile), through a buffer where it cannot."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import BinaryIO

import numpy as np

from converter.files.stream import Array, Numbers, chunks

_BUFFER = 1 << 20
_AT_ONCE = 1 << 22
_CANNOT = {errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EBADF, errno.EPERM}


def copy_blob(
    source: BinaryIO | None,
    blob: Numbers,
    out: BinaryIO,
    buffer: memoryview,
    look: Callable[[Array], object] | None = None,
) -> None:
    """Append a blob's bytes to `out`: from its place in `source` if it has one, from memory if not.

    `out` must be unbuffered or flushed; its position is that of its descriptor. With `look`, which is given the numbers
    a chunk at a time, bytes pass through the process's memory (`buffer`, of `chunk_buffer`), for half the price of a
    second reading.

    Raises:
        OSError: reading or writing failed, the disk is full, the source ended early.
    """
    if source is not None and blob.offset >= 0 and look is None:
        copy_range(source.fileno(), blob.offset, blob.array.nbytes, out.fileno())
        return
    for numbers in chunks(source, blob, buffer, os.lseek(out.fileno(), 0, os.SEEK_CUR)):
        if look is not None:
            look(numbers)
        _write_all(out.fileno(), np.ascontiguousarray(numbers).data.cast("B"))


def copy_range(source: int, offset: int, size: int, out: int) -> None:
    """Append `size` bytes at `offset` of one descriptor's file to another's.

    Raises:
        OSError: reading or writing failed, the disk is full, the source ended early.
    """
    end = offset + size
    for way in (_by_copy_file_range, _by_sendfile, _by_read_write):
        try:
            while offset < end and (count := way(source, offset, min(end - offset, _AT_ONCE), out)):
                offset += count
        except (OSError, AttributeError) as error:
            if isinstance(error, OSError) and error.errno not in _CANNOT:
                raise
    if offset < end:
        raise OSError(errno.EIO, "the source ended while it was copied")


def _by_copy_file_range(source: int, offset: int, count: int, out: int) -> int:
    """Linux: the kernel copies, or shares the blocks where the file system can."""
    return os.copy_file_range(source, out, count, offset)


def _by_sendfile(source: int, offset: int, count: int, out: int) -> int:
    """Linux between file systems: the kernel copies."""
    return os.sendfile(out, source, offset, count)


def _by_read_write(source: int, offset: int, count: int, out: int) -> int:
    """Any system: read and write."""
    data = os.pread(source, min(count, _BUFFER), offset)
    _write_all(out, memoryview(data))
    return len(data)


def _write_all(out: int, data: memoryview) -> None:
    """Write every byte, however few the system takes at once."""
    while data:
        data = data[os.write(out, data) :]
