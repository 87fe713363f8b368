"""The gate that every allocation whose size a file names goes through: how much there may be, and a refusal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from converter.errors import MemoryLimitError

SHARE = 0.8
"""Of the memory that is free, what is taken at most unless the user says otherwise."""

_SMALL = 64 * 2**20
_MOST_EXPANSION = 20
_limit: ContextVar[int | None] = ContextVar("memory limit", default=None)
_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def memory_budget() -> int:
    """Bytes that may be taken now: 80 % of what the machine, or the container, has free."""
    free = [_free_memory(), *_cgroup_room()]
    return int(SHARE * min(free))


@contextmanager
def memory_limit(limit: int | None) -> Iterator[None]:
    """Within the block, bytes that each allocation whose size a file names may take; None changes nothing."""
    token = _limit.set(_limit.get() if limit is None else limit)
    try:
        yield
    finally:
        _limit.reset(token)


def check_memory(
    needed: int, what: str, limit: int | None = None, *, layer: str | None = None, path: str | None = None
) -> None:
    """Refuse what would take more memory than it may, before any of it is taken.

    Args:
        needed: bytes.
        what: what needs them, "layer 'fc' (InnerProduct)".
        limit: bytes that may be taken; None: what `memory_limit` says, else `memory_budget()`.
        layer: the layer's name, for the error's attribute.
        path: the file that names the size.

    Raises:
        MemoryLimitError: it would.
    """
    limit = _limit.get() if limit is None else limit
    if limit is None and needed <= _SMALL:
        return
    allowed = memory_budget() if limit is None else limit
    if needed > allowed:
        share = "" if limit is not None else f", {SHARE:.0%} of what is free"
        text = f"{what} would take {format_bytes(needed)} of memory; {format_bytes(allowed)} may be taken{share}"
        raise MemoryLimitError(f"{text}; ask for smaller sizes, or allow more (--max-memory)", layer=layer, path=path)


def expands_too_far(needed: int, held: int) -> bool:
    """Whether `needed` bytes out of a file of `held` are more than weights compress to.

    Weights do not compress to a twentieth, but a net of zeros does; so small files may expand as they like.
    """
    return needed > max(_SMALL, _MOST_EXPANSION * held)


def format_bytes(count: int) -> str:
    """A number of bytes as people say it."""
    for unit, size in (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:,} bytes"


def _free_memory() -> int:
    """What the machine has free: Linux's estimate, else the pages that are."""
    with suppress(OSError, ValueError, IndexError):
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return 2**62


def _cgroup_room() -> list[int]:
    """What a container's limit leaves, if there is one."""
    with suppress(OSError, ValueError):
        limit = int((_CGROUP / "memory.max").read_text())
        return [max(limit - int((_CGROUP / "memory.current").read_text()), 0)]
    return []
