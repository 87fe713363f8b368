"""Memory of freed blobs kept for the next ones, so that a small net's blobs are not fresh pages at every call."""

from __future__ import annotations

from functools import cache

import torch

_LARGEST_RAISE = (32 << 20) - (1 << 16)
"""Bytes of a block from which glibc learns: below its DEFAULT_MMAP_THRESHOLD_MAX, header and alignment left out."""


@cache
def keep_freed_memory() -> None:
    """Once a process: have the C library keep up to 64 MB of freed memory rather than give it back at every call.

    glibc asks the system for a block beyond 128 kB each time, and the system gives zeroed pages one fault after the
    other: 1,170 a call of a face detector of half a million parameters, a third of its time. Freeing one such block
    raises that bound to the block's size, and what is kept at the heap's end to twice that: see mallopt(3),
    M_MMAP_THRESHOLD. No page of the block is touched. Elsewhere than in glibc this does nothing.
    """
    torch.empty(_LARGEST_RAISE, dtype=torch.uint8)
