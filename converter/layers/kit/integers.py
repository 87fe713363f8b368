"""Whole numbers in float blobs: labels and positions, and where they may lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.lazytorch import torch

if TYPE_CHECKING:
    from torch import Tensor


def check_range(what: str, values: Tensor, size: int, counted: Tensor | None = None) -> None:
    """Refuse values outside 0 to size - 1, of those that `counted` (a mask) marks.

    Looked for on the CPU only, and not while a graph is traced: a GPU would have to wait, a graph cannot branch.

    Raises:
        ShapeError: there is such a value.
    """
    if values.device.type != "cpu" or torch.compiler.is_compiling():
        return
    outside = (values < 0) | (values >= size)
    if counted is not None:
        outside = outside & counted
    if outside.any():
        raise ShapeError(f"{what} {int(values[outside][0])}; expected 0 to {size - 1}")
