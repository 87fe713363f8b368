"""What YOLO's detection layers share: grids of boxes to rows of detections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.boxes import suppressed
from converter.layers.kit.lazytorch import torch

if TYPE_CHECKING:
    from torch import Tensor


def cells(x: Tensor, boxes: int) -> Tensor:
    """x: (n, boxes * values, h, w) -> (n, h, w, boxes, values), the order in which the layers walk through it."""
    n, _, h, w = x.shape
    return x.reshape(n, boxes, -1, h, w).permute(0, 3, 4, 1, 2)


def centered(values: Tensor, anchors: Tensor) -> Tensor:
    """Boxes (..., 4) of centre and size as parts of the picture, values: (n, h, w, boxes, 4), anchors: (boxes, 2).

    The centre is the cell plus a sigmoid, the size the anchor (as part of the picture) times an exponential; the grid
    counts as square, as wide as it is (arXiv:1612.08242, section 2). The result has corners: xmin, ymin, xmax, ymax.
    """
    _, h, w = values.shape[:3]
    row = torch.arange(h, device=values.device, dtype=values.dtype)[:, None, None]
    column = torch.arange(w, device=values.device, dtype=values.dtype)[:, None]
    x = (column + values[..., 0].sigmoid()) / w
    y = (row + values[..., 1].sigmoid()) / w
    center = torch.stack([x, y], -1)
    half = values[..., 2:4].exp() * anchors / 2
    return torch.cat([center - half, center + half], -1)


def detections(boxes: Tensor, labels: Tensor, scores: Tensor, threshold: float, pictures: int) -> Tensor:
    """Rows (1, 1, rows, 7) of 0, label + 1, score, xmin, ymin, xmax, ymax by falling score, suppressed across classes.

    As in the source every row says picture 0, whatever the batch; without any there is one row a picture: its number,
    then -1. boxes: (m, 4), labels and scores: (m,).
    """
    order = scores.sort(descending=True, stable=True).indices
    kept = order[suppressed(boxes[order], threshold, inclusive=True)]
    if not len(kept):
        none = boxes.new_full((pictures, 7), -1.0)
        none[:, 0] = torch.arange(pictures, device=boxes.device, dtype=boxes.dtype)
        return none[None, None]
    head = [torch.zeros_like(scores[kept]), (labels[kept] + 1).to(boxes.dtype), scores[kept]]
    return torch.cat([torch.stack(head, 1), boxes[kept]], 1)[None, None]
