"""Boxes of YOLO's grids as centers and sizes, and their overlap."""

from __future__ import annotations

import torch
from torch import Tensor


def grid_boxes(center: Tensor, size: Tensor, anchors: Tensor) -> Tensor:
    """Boxes of x, y, width, height in fractions of the image, (anchors, h, w, 4).

    center, size: (anchors, h, w, 2), within a cell and as logarithms of the anchors' sizes (anchors, 2), fractions.
    """
    height, width = center.shape[1:3]
    rows, columns = (torch.arange(size, device=center.device).to(center.dtype) for size in (height, width))
    corner = torch.stack(torch.meshgrid(rows, columns, indexing="ij")[::-1], -1)
    place = (center + corner) / center.new_tensor([width, height])
    return torch.cat([place, size.exp() * anchors[:, None, None]], -1)


def cell_boxes(values: Tensor, side: int, squared: bool, constrained: bool) -> Tensor:
    """Boxes of x, y, width, height, (..., boxes, side², 4), of YOLO's first version; values: (..., 4 * boxes, side²).

    `constrained`: x and y are those within a cell; `squared`: sizes are roots.
    """
    boxes = values.unflatten(-2, (-1, 4)).movedim(-2, -1)  # type: ignore[no-untyped-call]
    place, size = boxes[..., :2], boxes[..., 2:]
    if constrained:
        cells = torch.arange(side**2, device=values.device)
        place = (place + torch.stack([cells % side, cells // side], -1).to(values.dtype)) / side
    return torch.cat([place, size.square() if squared else size], -1)


def centered_iou(boxes: Tensor, other: Tensor) -> Tensor:
    """Intersection over union of boxes (..., 4) of x, y, width, height: (...); the two sides' shapes broadcast."""
    low = torch.maximum(boxes[..., :2] - boxes[..., 2:] / 2, other[..., :2] - other[..., 2:] / 2)
    high = torch.minimum(boxes[..., :2] + boxes[..., 2:] / 2, other[..., :2] + other[..., 2:] / 2)
    common = (high - low).clamp(min=0).prod(-1)
    return common / (boxes[..., 2:].prod(-1) + other[..., 2:].prod(-1) - common)


def largest_overlap(boxes: Tensor, true: Tensor) -> Tensor:
    """The largest overlap of each box (..., 4) with one of the true boxes (t, 4): (...), 0 without any."""
    if not len(true):
        return torch.zeros_like(boxes[..., 0])
    return torch.stack([centered_iou(boxes, box) for box in true]).amax(0)


def one_hot(like: Tensor, label: Tensor) -> Tensor:
    """1 at a class, 0 elsewhere, (classes,)."""
    if not 0 <= int(label) < len(like):
        raise ValueError(f"a box of class {int(label)}; expected 0 to {len(like) - 1}")
    wanted = torch.zeros_like(like)
    wanted[int(label)] = 1
    return wanted
