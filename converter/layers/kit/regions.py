"""Cells of regions of interest: where each cell of a grid over a box begins and ends on a feature map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converter.layers.kit.lazytorch import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Spans:
    """First and past-the-end position of every cell along one axis: (regions, cells) each, cut to the map."""

    first: Tensor
    end: Tensor

    def mask(self, size: int) -> Tensor:
        """(regions, cells, size): whether a position of the axis lies in the cell."""
        place = torch.arange(size, device=self.first.device)
        return (place >= self.first[..., None]) & (place < self.end[..., None])


def half_away(x: Tensor) -> Tensor:
    """Rounded as C's round does: halves away from zero."""
    return x.sign() * (x.abs() + 0.5).floor()


def spans(start: Tensor, length: Tensor, cells: int, size: int, origin: Tensor) -> Spans:
    """`length / cells` for each cell from `start` on, outward to whole positions, moved by `origin`, cut to 0..size."""
    step = length / cells
    number = torch.arange(cells, device=start.device, dtype=start.dtype)
    first = (number * step[:, None] + start[:, None]).floor() + origin[:, None]
    end = ((number + 1) * step[:, None] + start[:, None]).ceil() + origin[:, None]
    return Spans(first.clamp(0, size), end.clamp(0, size))
