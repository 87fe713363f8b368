"""Integers that stand in floating tensors, as in all of Caffe's blobs, and where they may lie."""

from __future__ import annotations

import torch
from torch import Tensor


def check_range(what: str, values: Tensor, size: int, counted: Tensor | None = None) -> None:
    """Refuse integers (any shape) outside 0 to size - 1, of those that the mask `counted` of that shape marks.

    Looked at on the CPU only, and not while a graph is made or under vmap: a GPU would have to wait, the others cannot
    branch.

    Raises:
        IndexError: there is such a number.
    """
    traced = torch.compiler.is_compiling() or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    if traced or values.device.type != "cpu":
        return
    outside = (values < 0) | (values >= size)
    if counted is not None:
        outside = outside & counted
    try:
        found = bool(outside.any())
    except RuntimeError:  # under torch.vmap the numbers cannot be read
        return
    if found:
        raise IndexError(f"{what} {int(values[outside][0])}; expected 0 to {size - 1}")
