"""Which boxes of a YOLO grid hit a true one: Intel's evaluation of YOLOv2, and caffe-yolo's of YOLO."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.boxes import nms
from converter.modules.yolo_grids import cell_boxes, centered_iou, grid_boxes

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

    too_little_is_neither = True
    """Whether a box that overlaps too little is no miss."""

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
        width = self.classes + 4 * self._boxes(grid)
        tops = []
        for item, values in enumerate(grid):
            true = self._true(truth, item, grid.dtype)
            labels = true[:, 4]
            self._check(labels)
            found = self._found(values)
            easy = true[:, 5] != 1
            parts = [((labels == label) & easy).sum().to(grid.dtype)[None] for label in range(self.classes)]
            for label in range(self.classes):
                parts.append(self._marks(found[found[:, 4] == label], true[labels == label], label))
            top = torch.cat([part.flatten() for part in parts])
            tops.append(F.pad(top, (0, width - len(top))))
        return torch.stack(tops)

    def _boxes(self, grid: Tensor) -> int:
        """How many boxes a grid has."""
        return len(self.anchors) * grid.shape[2] * grid.shape[3]

    def _true(self, truth: Tensor, item: int, dtype: torch.dtype) -> Tensor:
        """An item's true boxes, (t, 6) of x, y, width, height, class (from 0), difficult, which is 0 here."""
        rows = truth.reshape(-1, 8).to(dtype)
        own = rows[rows[:, 0].trunc() == item]
        places = [(own[:, 3:5] + own[:, 5:7]) / 2, own[:, 5:7] - own[:, 3:5]]
        return torch.cat([*places, (own[:, 1:2] - 1).trunc(), torch.zeros_like(own[:, :1])], 1)

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
        found = self._suppressed(found)
        return found[found[:, 5] >= _LEAST_SCORE]

    def _suppressed(self, found: Tensor) -> Tensor:
        """Boxes (k, 6) by falling score, without those that overlap a better one."""
        found = found[found[:, 5].sort(descending=True, stable=True).indices]
        if self.nms_threshold < 0:
            return found
        corners = torch.cat([found[:, :2] - found[:, 2:4] / 2, found[:, :2] + found[:, 2:4] / 2], 1)
        return found[nms(corners, self.nms_threshold, inclusive=True)]

    def _marks(self, found: Tensor, true: Tensor, label: int) -> Tensor:
        """Class, score, hit, miss of the boxes of one class: (k, 4)."""
        marks = found.new_tensor([0.0, 1.0]).repeat(len(found), 1)
        hit: set[int] = set()
        for row, box in enumerate(found if len(true) else found[:0]):
            overlap = centered_iou(box[:4], true[:, :4])
            nearest = int(overlap.argmax())
            if overlap[nearest] < self.threshold:
                if self.too_little_is_neither:
                    marks[row] = 0
            elif true[nearest, 5] == 1:
                marks[row] = 0
            elif nearest not in hit:
                marks[row] = marks[row].flip(0)
                hit.add(nearest)
        return torch.cat([torch.full_like(found[:, :1], label), found[:, 5:], marks], 1)

    def extra_repr(self) -> str:
        """The classes, anchors and thresholds."""
        thresholds = f"threshold={self.threshold:g}, nms_threshold={self.nms_threshold:g}"
        return f"{self.classes}, {list(self.anchors)}, {thresholds}, score={self.score!r}"


class CellEvaluate(GridEvaluate):
    """Counts of true boxes and marks of predicted ones, (n, classes + 4 * boxes * side²), of YOLO's first version.

    grid: (n, (classes + 5 * boxes) * side²): class scores, objectness, then x, y, width, height of each box, a number a
    cell after another; truth: (n, 7 * side²): difficult, whether there is an object, class (from 0), then boxes cell by
    cell. Rows are GridEvaluate's, but all boxes of a cell have its class, a box that overlaps too little misses, one
    that hits a difficult box is neither hit nor miss, and difficult boxes are not counted. `constrained`: x and y are
    those within a cell; `squared`: sizes are roots. A negative `nms_threshold` leaves every box. No gradient.
    Source: yeahkun/caffe-yolo, src/caffe/layers/eval_detection_layer.cpp.
    """

    too_little_is_neither = False

    def __init__(
        self,
        classes: int,
        side: int,
        boxes: int,
        *,
        squared: bool,
        constrained: bool,
        threshold: float,
        nms_threshold: float,
        score: str,
    ) -> None:
        super().__init__(classes, (), threshold, nms_threshold, score)
        self.side, self.boxes, self.squared, self.constrained = side, boxes, squared, constrained

    def _boxes(self, grid: Tensor) -> int:
        del grid
        return self.boxes * self.side**2

    def _true(self, truth: Tensor, item: int, dtype: torch.dtype) -> Tensor:
        cells = self.side**2
        own = truth[item].flatten().to(dtype)
        rows = torch.cat([own[3 * cells :].reshape(cells, 4), own[: 3 * cells].reshape(3, cells).flip(0).T], 1)
        kept = rows[rows[:, 5] != 0]
        return torch.cat([kept[:, :4], kept[:, 4:5].trunc(), kept[:, 6:]], 1)

    def _found(self, values: Tensor) -> Tensor:
        own = values.reshape(self.classes + 5 * self.boxes, -1)
        chance, label = own[: self.classes].max(0)
        sure = own[self.classes : self.classes + self.boxes]
        score = {"OBJ": sure, "PROB": chance.expand_as(sure), "MULTIPLY": sure * chance}[self.score]
        found = cell_boxes(own[self.classes + self.boxes :], self.side, self.squared, self.constrained)
        labels = label.to(values.dtype).expand_as(sure)
        return self._suppressed(
            torch.cat([found, labels[..., None], score[..., None]], -1).movedim(0, 1).reshape(-1, 6)
        )

    def extra_repr(self) -> str:
        """The grid and thresholds."""
        thresholds = f"threshold={self.threshold:g}, nms_threshold={self.nms_threshold:g}"
        return f"{self.classes}, side={self.side}, boxes={self.boxes}, {thresholds}, score={self.score!r}"
