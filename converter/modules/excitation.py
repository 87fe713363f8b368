"""MobileNet-YOLO's help for maps of objects: their mean, added where objects are, less and less as training goes on."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

_COURSE = 0.75
"""The share of a training over which the addition fades."""

_NEARLY = 0.95
"""What is added to a box's end before it is cut to whole cells."""


class AssistedExcitation(nn.Module):
    """x plus alpha · mean where the first item's boxes are; x: (n, c, h, w), mean: n · h · w numbers -> (n, c, h, w).

    labels: n · boxes · 5 numbers of class, x, y, width, height in fractions, up to the first of x 0. Only the first
    item is excited, as in the source, which forgets where the others' masks lie. alpha = cos(π/2 · i / (0.75 m)), at
    least 0, in iteration i of m. Only x gets a gradient.
    Source: eric612/MobileNet-YOLO, src/caffe/layers/assisted_excitation_layer.cpp.

    Attributes:
        alpha: the factor; 1 until `at_iteration` is called, as a solver of this package does.
    """

    def __init__(self) -> None:
        super().__init__()
        self.alpha = 1.0

    def at_iteration(self, iteration: int, last: int) -> None:
        """Set the factor of an iteration, of `last`."""
        self.alpha = max(0.0, math.cos(iteration / (last * _COURSE) * math.pi / 2)) if last > 0 else 1.0

    def forward(self, x: Tensor, labels: Tensor, mean: Tensor) -> Tensor:
        """The maps, excited."""
        n, _, height, width = x.shape
        boxes = labels.detach().reshape(n, -1, 5)[0, :, 1:]
        meant = (boxes[:, 0] != 0).long().cumprod(0).bool()[:, None, None]
        rows, columns = _inside(boxes[:, 1], boxes[:, 3], height), _inside(boxes[:, 0], boxes[:, 2], width)
        inside = (rows[:, :, None] & columns[:, None] & meant).any(0)
        first = torch.where(inside, self.alpha * mean.detach().reshape(n, height, width)[0], 0)
        return x + torch.cat([first[None, None], torch.zeros_like(x[1:, :1])])

    def extra_repr(self) -> str:
        """The factor."""
        return f"alpha={self.alpha:g}"


def _inside(center: Tensor, size: Tensor, count: int) -> Tensor:
    """Which of `count` cells boxes cover, (boxes, count), by their centers and sizes (boxes,) in fractions."""
    first = ((center - size / 2) * count).trunc().clamp(0, count - 1)
    end = torch.maximum(((center + size / 2) * count + _NEARLY).trunc(), first + 1)
    cells = torch.arange(count, device=center.device)
    return (cells >= first[:, None]) & (cells < end[:, None])
