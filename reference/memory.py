"""The gate before every allocation whose size a prototxt names: Caffe's count of a blob, and the memory there is."""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path

from reference.errors import InputError, WireError
from reference.layer import Array, Layer

LARGEST_COUNT = 2**31 - 1
"""Numbers that Caffe lets a blob hold (src/caffe/blob.cpp, Reshape)."""

_SMALL = 2**23
_WIDTH = 8
_LARGEST_RATIO = 20
_ALWAYS_ALLOWED = 2**26
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_limit: ContextVar[int | None] = ContextVar("memory limit of the oracle", default=None)


def size_in_bytes(text: str) -> int:
    """The bytes that `500M` or `8G` says.

    Raises:
        InputError: the text is not of that form.
    """
    match = re.fullmatch(r"(\d{1,15})([KMGT]?)", text, re.IGNORECASE | re.ASCII)
    if match is None:
        raise InputError(f"--max-memory {text}: expected a size, for example 500M or 8G")
    return int(match.group(1)) * _UNITS[match.group(2).upper()]


@contextlib.contextmanager
def memory_limit(limit: int | None) -> Iterator[None]:
    """Within the block: bytes that one array, and that all blobs held at once, may take; None: what is free says."""
    token = _limit.set(limit)
    try:
        yield
    finally:
        _limit.reset(token)


def check_held(layer: Layer, blobs: Iterable[Array]) -> None:
    """Refuse to go on where the blobs held after a layer take more than the user allows.

    Raises:
        LayerError: they do.
    """
    limit = _limit.get()
    if limit is not None and (held := sum(blob.nbytes for blob in blobs)) > limit:
        raise layer.error(f"leaves {held} bytes of blobs; {limit} are allowed; keep fewer (--keep), or allow more")


def check_size(*sizes: int) -> None:
    """Raise MemoryError, which the run turns into the layer's error, where an array is too large to be made.

    Too large is what Caffe could not count, or what would take more than the user allows, where that is said, else than
    four fifths of the memory that is free.
    """
    count = math.prod(sizes)
    shape = "x".join(map(str, sizes))
    if count > LARGEST_COUNT:
        raise MemoryError(f"an array of {shape} has {count} numbers; expected at most {LARGEST_COUNT}")
    if (count > _SMALL or _limit.get() is not None) and count * _WIDTH > _allowed():
        raise MemoryError(f"an array of {shape} takes {count * _WIDTH} bytes; {_allowed()} are allowed; ask for less")


def check_expansion(needed: int, path: str, what: str) -> None:
    """Refuse a file before it is unpacked: further than weights compress, or to more than fits into memory.

    Floats of weights deflate to some 0.9 of their size, a net of zeros to a thousandth; so little may expand freely.

    Raises:
        WireError: at `what` it would.
    """
    if needed > max(_ALWAYS_ALLOWED, _LARGEST_RATIO * Path(path).stat().st_size):
        raise WireError(f"would expand to {needed} bytes at {what!r}; weights do not compress so far", path=path)
    if (needed > _ALWAYS_ALLOWED or _limit.get() is not None) and needed > _allowed():
        raise WireError(f"takes {needed} bytes of memory at {what!r}; {_allowed()} are allowed", path=path)


def _allowed() -> int:
    limit = _limit.get()
    return _free() // 5 * 4 if limit is None else limit


def _free() -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(ValueError, OSError, AttributeError):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 2**62
