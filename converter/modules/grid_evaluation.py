"""Intel's evaluation of YOLOv2's grid: which of its boxes hit a true one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.boxes import nms
from converter.modules.yolo_grids import centered_iou, grid_boxes

_LEAST_SCORE = 0.005
"""Boxes that score less are left out, as Darknet does."""


class GridEvaluate(nn.Module):
    """Counts of true boxes and marks of predicted ones, (n, classes + 4 * anchors * side²), 0 behind the last.

    grid: (n, anchors * (5 + classes), side, side) of offsets, objectness, class scores, truth: (..., 8) rows of item,
    class (from 1), instance, xmin, ymin, xmax, ymax, difficult; item -1 is none; further inputs do not count. An item's
    row holds the number of true boxes of each class, then class, score, hit, miss for each box that suppression across
    classes leaves (overlap of `nms_threshold` or more), by class and falling score. A box hits the true box of its
    class that it overlaps most, by `threshold` or more, misses where that one was hit before or its class has none, and
    is neither where it overlaps too little. `score` is OBJ, PROB or MULTIPLY: objectness, class, or both multiplied.
    With a negative `nms_threshold` no box is told, as in the original. No gradient.
    Source: intel/caffe, src/caffe/layers/eval_detection_layer.cpp.
    """

    def __init__(
        self,
        classes: int,
        anchors: Sequence[tuple[float, float]],
        threshold: float = 0.5,
        nms_threshold: float = -1.0,
        score: str = "MULTIPLY",
    ) -> None:
        super().__init__()
        self.classes, self.anchors, self.threshold = classes, tuple(anchors), threshold
        self.nms_threshold, self.score = nms_threshold, score

    @torch.no_grad()
    def forward(self, grid: Tensor, truth: Tensor, *further: Tensor) -> Tensor:
        """The rows."""
        del further
        rows = truth.reshape(-1, 8).to(grid.dtype)
        width = self.classes + 4 * len(self.anchors) * grid.shape[2] * grid.shape[3]
        tops = []
        for item, values in enumerate(grid):
            own = rows[rows[:, 0].trunc() == item]
            labels = (own[:, 1] - 1).trunc()
            self._check(labels)
            boxes = torch.cat([(own[:, 3:5] + own[:, 5:7]) / 2, own[:, 5:7] - own[:, 3:5]], 1)
            found = self._found(values)
            parts = [(labels == label).sum().to(grid.dtype)[None] for label in range(self.classes)]
            for label in range(self.classes):
                parts.append(self._marks(found[found[:, 4] == label], boxes[labels == label], label))
            top = torch.cat([part.flatten() for part in parts])
            tops.append(F.pad(top, (0, width - len(top))))
        return torch.stack(tops)

    def _check(self, labels: Tensor) -> None:
        if bool(((labels < 0) | (labels >= self.classes)).any()):
            seen = f"{int(labels.min()) + 1} to {int(labels.max()) + 1}"
            raise ValueError(f"true boxes of classes {seen}; expected 1 to {self.classes}")

    def _found(self, values: Tensor) -> Tensor:
        """The boxes that stay, best first: (k, 6) of x, y, width, height, class, score."""
        own = values.reshape(len(self.anchors), 5 + self.classes, *values.shape[1:])
        anchors = values.new_tensor(self.anchors) / values.shape[2]
        place, size = own[:, :2].sigmoid().movedim(1, -1), own[:, 2:4].movedim(1, -1)
        chance, label = own[:, 5:].softmax(1).max(1)
        sure = own[:, 4].sigmoid()
        score = {"OBJ": sure, "PROB": chance, "MULTIPLY": sure * chance}[self.score]
        parts = [grid_boxes(place, size, anchors), label.to(values.dtype)[..., None], score[..., None]]
        found = torch.cat(parts, -1).permute(1, 2, 0, 3).reshape(-1, 6)
        if self.nms_threshold < 0:
            return found[:0]
        found = found[found[:, 5].sort(descending=True, stable=True).indices]
        corners = torch.cat([found[:, :2] - found[:, 2:4] / 2, found[:, :2] + found[:, 2:4] / 2], 1)
        found = found[nms(corners, self.nms_threshold, inclusive=True)]
        return found[found[:, 5] >= _LEAST_SCORE]

    def _marks(self, found: Tensor, true: Tensor, label: int) -> Tensor:
        """Class, score, hit, miss of the boxes of one class: (k, 4)."""
        marks = found.new_tensor([0.0, 1.0]).repeat(len(found), 1)
        hit: set[int] = set()
        for row, box in enumerate(found if len(true) else found[:0]):
            overlap = centered_iou(box[:4], true)
            nearest = int(overlap.argmax())
            if overlap[nearest] < self.threshold:
                marks[row] = 0
            elif nearest not in hit:
                marks[row] = marks[row].flip(0)
                hit.add(nearest)
        return torch.cat([torch.full_like(found[:, :1], label), found[:, 5:], marks], 1)

    def extra_repr(self) -> str:
        """The classes, anchors and thresholds."""
        thresholds = f"threshold={self.threshold:g}, nms_threshold={self.nms_threshold:g}"
        return f"{self.classes}, {list(self.anchors)}, {thresholds}, score={self.score!r}"
