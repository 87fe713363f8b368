"""The gate before every allocation whose size a prototxt names: Caffe's count of a blob, and the memory there is."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path

from reference.errors import WireError

LARGEST_COUNT = 2**31 - 1
"""Numbers that Caffe lets a blob hold (src/caffe/blob.cpp, Reshape)."""

_SMALL = 2**23
_WIDTH = 8
_LARGEST_RATIO = 20
_ALWAYS_ALLOWED = 2**26


def check_size(*sizes: int) -> None:
    """Raise MemoryError, which the run turns into the layer's error, where an array is too large to be made.

    Too large is what Caffe could not count, or what would take more than four fifths of the memory that is free.
    """
    count = math.prod(sizes)
    shape = "x".join(map(str, sizes))
    if count > LARGEST_COUNT:
        raise MemoryError(f"an array of {shape} has {count} numbers; expected at most {LARGEST_COUNT}")
    if count > _SMALL and count * _WIDTH > _free() // 5 * 4:
        raise MemoryError(f"an array of {shape} takes {count * _WIDTH} bytes, and {_free()} are free; ask for less")


def check_expansion(needed: int, path: str, what: str) -> None:
    """Refuse a file before it is unpacked: further than weights compress, or to more than fits into memory.

    Floats of weights deflate to some 0.9 of their size, a net of zeros to a thousandth; so little may expand freely.

    Raises:
        WireError: at `what` it would.
    """
    if needed > max(_ALWAYS_ALLOWED, _LARGEST_RATIO * Path(path).stat().st_size):
        raise WireError(f"would expand to {needed} bytes at {what!r}; weights do not compress so far", path=path)
    if needed > _ALWAYS_ALLOWED and needed > _free() // 5 * 4:
        raise WireError(f"takes {needed} bytes of memory at {what!r}, and {_free()} are free", path=path)


def _free() -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(ValueError, OSError, AttributeError):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 2**62
