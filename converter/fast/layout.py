"""The memory layout that fast kernels want: channels last."""

from __future__ import annotations

import torch
from torch import Tensor


def channels_last(value: Tensor) -> Tensor:
    """value: (n, c, h, w) with its channels last in memory; other ranks as they are."""
    return value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value
