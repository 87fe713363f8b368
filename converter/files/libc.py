"""What Linux's C library offers and Python has no name for: advice on memory by address, room on the disk."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache

_PAGEOUT = 21
"""MADV_PAGEOUT of <linux/mman.h>."""

_KEEP_SIZE = 1
"""FALLOC_FL_KEEP_SIZE of <linux/falloc.h>."""


def page_out(address: int, size: int) -> None:
    """Say that whole pages of memory are not wanted for now; what they hold is kept. Where unknown, nothing happens."""
    advise = _function("madvise", ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    if advise is not None:
        advise(address, size, _PAGEOUT)


def reserve(descriptor: int, size: int) -> None:
    """Take room on the disk for a file's first `size` bytes; the file stays as long as it is.

    Writing into room that is there already is quicker. Where a file system cannot, nothing happens.

    Raises:
        OSError: there is less room than that.
    """
    allocate = _function("fallocate", ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    if allocate is None or allocate(descriptor, _KEEP_SIZE, 0, size) == 0:
        return
    if (number := ctypes.get_errno()) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        raise OSError(number, os.strerror(number))


@cache
def _function(name: str, *arguments: type[ctypes._SimpleCData[int]]) -> Callable[..., int] | None:
    """The C library's function; None where it is not Linux's, or lacks it."""
    if sys.platform != "linux":
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is not None:
        function.argtypes = list(arguments)
    found: Callable[..., int] | None = function
    return found
