"""SSD's evaluation: which detections hit a true box, for the average precision that a solver sums up."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from converter.modules.boxes import iou


class DetectionEvaluate(nn.Module):
    """Counts of true boxes and marks of detections, (1, 1, classes + detections, 5).

    detections: (1, 1, d, 7) of item, label, score, xmin, ymin, xmax, ymax, truth: (1, 1, g, 8) of item, label,
    instance, xmin, ymin, xmax, ymax, difficult, up to the first item of -1. The first rows hold -1, label, the number
    of true boxes, -1, -1 for every class but the background; then each detection has item, label, score, 1 where it is
    the first to hit its true box (overlap of `overlap_threshold` or more), 1 where it hits none or one that was hit
    before; both are 0 on difficult boxes unless `difficult`. Rows come by item, label and falling score. With `sizes`
    (height, width of each image, in order, over and over) overlaps are of pixels, which belong to their box.
    No gradient. Source: SSD's src/caffe/layers/detection_evaluate_layer.cpp.
    """

    def __init__(
        self,
        num_classes: int,
        background_label: int = 0,
        overlap_threshold: float = 0.5,
        difficult: bool = True,
        sizes: Sequence[tuple[int, int]] = (),
    ) -> None:
        super().__init__()
        self.num_classes, self.background_label, self.overlap_threshold = (
            num_classes,
            background_label,
            overlap_threshold,
        )
        self.difficult, self.sizes = difficult, tuple(sizes)
        self.image = 0

    @torch.no_grad()
    def forward(self, detections: Tensor, truth: Tensor) -> Tensor:
        """The rows."""
        found, true = detections.reshape(-1, 7), truth.reshape(-1, 8)
        ends = (true[:, 0] == -1).nonzero()[:, 0].tolist()
        true = true[: ends[0]] if ends else true
        self._refuse_background(found[found[:, 0] != -1, 1], true[:, 1])
        rows = [self._counts(true, detections)]
        for item in _whole(found[:, 0]):
            own = found[found[:, 0].trunc() == item]
            rows += self._image(own, true[true[:, 0].trunc() == item])
            self.image += 1
        return torch.cat(rows)[None, None]

    def _refuse_background(self, *labels: Tensor) -> None:
        if any(bool((label.trunc() == self.background_label).any()) for label in labels):
            raise ValueError(f"a box of the background's label {self.background_label}; expected other labels")

    def _counts(self, true: Tensor, like: Tensor) -> Tensor:
        """How many true boxes each class has, (classes, 5)."""
        counted = true if self.difficult else true[true[:, 7] == 0]
        labels = [label for label in range(self.num_classes) if label != self.background_label]
        rows = [[-1.0, label, float((counted[:, 1].trunc() == label).sum()), -1.0, -1.0] for label in labels]
        return torch.tensor(rows, dtype=like.dtype, device=like.device).reshape(-1, 5)

    def _image(self, found: Tensor, true: Tensor) -> list[Tensor]:
        """The marks of one image's detections, label by label."""
        rows = []
        for label in _whole(found[:, 1]):
            own, boxes = found[found[:, 1].trunc() == label], true[true[:, 1].trunc() == label]
            if len(boxes):
                own = own[own[:, 2].sort(descending=True, stable=True).indices]
            marks = self._marks(own[:, 3:], boxes[:, 3:7], boxes[:, 7] != 0)
            rows.append(torch.cat([own[:, :2].trunc(), own[:, 2:3], marks], 1))
        return rows

    def _marks(self, found: Tensor, true: Tensor, difficult: Tensor) -> Tensor:
        """(hit, missed) of the detections of one class, best first: (d, 2)."""
        marks = found.new_tensor([0.0, 1.0]).repeat(len(found), 1)
        if not len(true):
            return marks
        border = 1.0 if self.sizes else 0.0
        found, true = self._scale(found), self._scale(true)
        hit: set[int] = set()
        for row, box in enumerate(found):
            overlap = iou(box, true, border=border)
            nearest = int(overlap.argmax())
            if overlap[nearest] < self.overlap_threshold:
                continue
            if bool(difficult[nearest]) and not self.difficult:
                marks[row] = 0
            elif nearest not in hit:
                marks[row] = marks[row].flip(0)
                hit.add(nearest)
        return marks

    def _scale(self, boxes: Tensor) -> Tensor:
        """Boxes in pixels of the image, where its size is known."""
        if not self.sizes:
            return boxes
        height, width = self.sizes[self.image % len(self.sizes)]
        return boxes.clamp(0, 1) * boxes.new_tensor([width, height, width, height])

    def extra_repr(self) -> str:
        """The classes and the threshold."""
        return f"{self.num_classes}, overlap_threshold={self.overlap_threshold:g}, difficult={self.difficult}"


def _whole(values: Tensor) -> list[int]:
    """The whole numbers that are there, but -1, which stands for nothing, in order."""
    return sorted({int(value) for value in values.tolist()} - {-1})
