"""Settings that torch and numpy read once, when they are loaded; the commands that run nets make them first."""

from __future__ import annotations

import os
import sys

_SETTINGS = {
    "THP_MEM_ALLOC_ENABLE": "1",  # torch: large blobs in large pages, 5 % less time
    "GOMP_SPINCOUNT": "20000",  # torch's idle threads give their core away after some 20 µs, not after a millisecond
    "OPENBLAS_THREAD_TIMEOUT": "4",  # numpy's after 2^4 cycles, not after 2^26
}


def apply_process_settings() -> None:
    """Make the settings that the user has not made, unless it is too late: where numpy or torch are loaded already."""
    if {"numpy", "torch"} & set(sys.modules):
        return
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)


prepare = apply_process_settings
"""The name of earlier versions."""


def threads_make_room() -> bool:
    """Whether torch's threads and numpy's, where both work in turn, do not wait on each other's cores."""
    return {"GOMP_SPINCOUNT", "OPENBLAS_THREAD_TIMEOUT"} <= set(os.environ)
