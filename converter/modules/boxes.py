"""Arithmetic on boxes (xmin, ymin, xmax, ymax): decoding against priors, overlap, greedy suppression."""

from __future__ import annotations

import torch
from torch import Tensor


def decode_boxes(code: str, priors: Tensor, offsets: Tensor) -> Tensor:
    """Boxes from offsets that are already multiplied by their variances (SSD's src/caffe/util/bbox_util.cpp).

    Args:
        code: CORNER adds offsets to corners, CORNER_SIZE adds them in units of the prior's size, CENTER_SIZE moves the
            center in those units and scales the size by exp.
        priors: (boxes, 4).
        offsets: (..., boxes, 4).
    """
    if code == "CORNER":
        return priors + offsets
    size = priors[:, 2:] - priors[:, :2]
    if code == "CORNER_SIZE":
        return priors + offsets * torch.cat([size, size], -1)
    center = (priors[:, :2] + priors[:, 2:]) / 2 + offsets[..., :2] * size
    half = offsets[..., 2:].exp() * size / 2
    return torch.cat([center - half, center + half], -1)


def iou(box: Tensor, others: Tensor, *, border: float = 0.0) -> Tensor:
    """Intersection over union of one box (4,) with others (n, 4); boxes turned inside out have no area.

    `border` is added to every side: 1 where corners are whole pixels that belong to the box (py-faster-rcnn), else 0.
    """
    inner = (torch.minimum(box[2:], others[:, 2:]) - torch.maximum(box[:2], others[:, :2]) + border).clamp(min=0)
    common = inner[:, 0] * inner[:, 1]
    union = _area(box[None], border) + _area(others, border) - common
    return torch.where(common > 0, common / union, 0.0)


def nms(
    boxes: Tensor,
    threshold: float,
    eta: float = 1.0,
    *,
    border: float = 0.0,
    most: int = -1,
    inclusive: bool = False,
) -> list[int]:
    """Indices that greedy suppression keeps of boxes (n, 4) sorted by falling score, in that order.

    A box stays if it overlaps no kept one by more than the threshold, which `eta` below 1 lowers after each kept box
    while it is above 0.5; with `inclusive` an overlap of just the threshold is too much already. It stops after `most`
    boxes (-1: never). Runs on the CPU: the walk is sequential.
    """
    boxes = boxes.detach().cpu()
    worst = torch.zeros(len(boxes), dtype=boxes.dtype)
    kept: list[int] = []
    index = 0
    while len(kept) != most:
        ahead = worst[index:]
        alive = (ahead < threshold if inclusive else ahead <= threshold).nonzero()
        if not len(alive):
            break
        index += int(alive[0])
        kept.append(index)
        worst[index + 1 :] = torch.maximum(worst[index + 1 :], iou(boxes[index], boxes[index + 1 :], border=border))
        index += 1
        if eta < 1 and threshold > 0.5:
            threshold *= eta
    return kept


def suppress(
    boxes: Tensor, scores: Tensor, threshold: float, *, eta: float = 1.0, border: float = 0.0, most: int = -1
) -> Tensor:
    """Which boxes greedy suppression keeps, bool (n, k), of n lists of boxes (n, k, 4) whose scores (n, k) fall.

    A box of score -inf is none. For the rest see `nms`.
    """
    kept = torch.zeros_like(scores, dtype=torch.bool)
    for row, own, score in zip(kept, boxes, scores, strict=True):
        row[nms(own[score > -torch.inf], threshold, eta, border=border, most=most)] = True
    return kept


def _area(boxes: Tensor, border: float) -> Tensor:
    size = (boxes[:, 2:] - boxes[:, :2] + border).clamp(min=0)
    return size[:, 0] * size[:, 1]
