"""YOLO's detection layers: grids of boxes to rows of detections."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from converter.modules.boxes import nms

Found = tuple[Tensor, Tensor, Tensor]
"""Boxes (m, 4), labels (m,), scores (m,)."""


class YoloDetections(nn.Module):
    """Rows of 0, label, score, xmin, ymin, xmax, ymax: (1, 1, rows, 7), labels from 1.

    grids: (n, boxes * (5 + classes), h, w): offsets, objectness, class scores. Each box has its likeliest class, scored
    by its softmax times the objectness; scores from `confidence_threshold` on go through suppression across classes.
    `anchors` (width, height) are in cells. No gradient. Source: eric612/MobileNet-YOLO,
    src/caffe/layers/yolo_detection_output_layer.cpp.
    """

    def __init__(
        self,
        anchors: Sequence[tuple[float, float]],
        confidence_threshold: float = 0.01,
        nms_threshold: float = 0.45,
    ) -> None:
        super().__init__()
        self.anchors = tuple(anchors)
        self.confidence_threshold, self.nms_threshold = confidence_threshold, nms_threshold

    @torch.no_grad()
    def forward(self, *grids: Tensor) -> Tensor:
        """The rows of all images and grids."""
        found = [self.candidates(x, index) for index, x in enumerate(grids)]
        boxes, labels, scores = (torch.cat(parts) for parts in zip(*found, strict=True))
        return detections(boxes, labels, scores, self.nms_threshold, grids[0].shape[0])

    def candidates(self, x: Tensor, index: int) -> Found:  # noqa: ARG002 - a subclass tells grids apart
        """Boxes (cells, 4), labels (cells,) and scores (cells,) of one grid."""
        values = decode_grid(x, len(self.anchors))
        anchors = torch.tensor(self.anchors, dtype=x.dtype, device=x.device) / x.shape[3]
        likeliest = values[..., 5:].softmax(-1).max(-1)
        scores = values[..., 4].sigmoid() * likeliest.values
        chosen = scores >= self.confidence_threshold
        return to_corners(values, anchors)[chosen], likeliest.indices[chosen], scores[chosen]

    def extra_repr(self) -> str:
        """Anchors and thresholds."""
        thresholds = f"confidence_threshold={self.confidence_threshold:g}, nms_threshold={self.nms_threshold:g}"
        return f"anchors={len(self.anchors)}, {thresholds}"


class Yolov3Detections(YoloDetections):
    """Rows of 0, label, score, xmin, ymin, xmax, ymax: (1, 1, rows, 7), labels from 1.

    Every class whose sigmoid times the objectness exceeds `confidence_threshold` is a candidate; suppression runs
    across classes. Grid t uses the anchors (width, height in pixels) of `masks[t]` and counts as w * scales[t] pixels
    wide and high. No gradient. Source: eric612/MobileNet-YOLO,
    src/caffe/layers/yolov3_detection_output_layer.cpp.
    """

    def __init__(
        self,
        anchors: Sequence[tuple[float, float]],
        masks: Sequence[Sequence[int]],
        scales: Sequence[int],
        confidence_threshold: float = 0.01,
        nms_threshold: float = 0.45,
    ) -> None:
        super().__init__(anchors, confidence_threshold, nms_threshold)
        self.masks, self.scales = tuple(map(tuple, masks)), tuple(scales)

    def candidates(self, x: Tensor, index: int) -> Found:
        """Boxes (cells, 4), labels (cells,) and scores (cells,) of one grid."""
        mask = self.masks[index]
        values = decode_grid(x, len(mask))
        pairs = torch.tensor([self.anchors[number] for number in mask], dtype=x.dtype, device=x.device)
        boxes = to_corners(values, pairs / (x.shape[3] * self.scales[index]))
        scores = values[..., 4:5].sigmoid() * values[..., 5:].sigmoid()
        chosen = scores > self.confidence_threshold
        labels = torch.arange(scores.shape[-1], device=x.device).expand(scores.shape)
        return boxes[..., None, :].expand(*scores.shape, 4)[chosen], labels[chosen], scores[chosen]


def decode_grid(x: Tensor, boxes: int) -> Tensor:
    """x: (n, boxes * values, h, w) -> (n, h, w, boxes, values), the order in which the layers walk through it."""
    n, _, h, w = x.shape
    return x.reshape(n, boxes, -1, h, w).permute(0, 3, 4, 1, 2)


def to_corners(values: Tensor, anchors: Tensor) -> Tensor:
    """Boxes (..., 4) as parts of the image, values: (n, h, w, boxes, 4 or more), anchors: (boxes, 2) as such parts.

    The center is the cell plus a sigmoid, the size the anchor times an exponential; the grid counts as square, as wide
    as it is (arXiv:1612.08242, section 2). The result has corners: xmin, ymin, xmax, ymax.
    """
    _, h, w = values.shape[:3]
    row = torch.arange(h, device=values.device, dtype=values.dtype)[:, None, None]
    column = torch.arange(w, device=values.device, dtype=values.dtype)[:, None]
    x = (column + values[..., 0].sigmoid()) / w
    y = (row + values[..., 1].sigmoid()) / w
    center = torch.stack([x, y], -1)
    half = values[..., 2:4].exp() * anchors / 2
    return torch.cat([center - half, center + half], -1)


def detections(boxes: Tensor, labels: Tensor, scores: Tensor, threshold: float, images: int) -> Tensor:
    """Rows (1, 1, rows, 7) of 0, label + 1, score, xmin, ymin, xmax, ymax by falling score, suppressed across classes.

    As in the source every row says image 0, whatever the batch; without any there is one row an image: its number, then
    -1. boxes: (m, 4), labels and scores: (m,).
    """
    order = scores.sort(descending=True, stable=True).indices
    kept = order[nms(boxes[order], threshold, inclusive=True)]
    if not len(kept):
        none = boxes.new_full((images, 7), -1.0)
        none[:, 0] = torch.arange(images, device=boxes.device, dtype=boxes.dtype)
        return none[None, None]
    head = [torch.zeros_like(scores[kept]), (labels[kept] + 1).to(boxes.dtype), scores[kept]]
    return torch.cat([torch.stack(head, 1), boxes[kept]], 1)[None, None]
