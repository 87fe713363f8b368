"""Seconds and memory on any device, and the types that "tf32" and the others stand for."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch


def wait(device: str) -> None:
    """Until the device has done all it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def seconds(run: Callable[[], Any], device: str, rounds: int = 5, warm: int = 2) -> float:
    """The median of a few runs, after those that compile, choose and record."""
    for _ in range(warm):
        run()
    times = []
    for _ in range(rounds):
        wait(device)
        began = time.perf_counter()
        run()
        wait(device)
        times.append(time.perf_counter() - began)
    return median(times)


def dtype_of(kind: str) -> torch.dtype:
    """The type to compute in; on CUDA float32 products are rounded to TF32 where the kind says so."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = kind == "tf32"
    dtype: torch.dtype = torch.float32 if kind == "tf32" else getattr(torch, kind)
    return dtype


def forget_peak(device: str) -> None:
    """Begin a new high-water mark of the device's memory."""
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()


def peak_megabytes(device: str) -> float | str:
    """The most memory that tensors took on the device since then."""
    return round(torch.cuda.max_memory_allocated() / 1e6) if device.startswith("cuda") else "not on a CPU"
