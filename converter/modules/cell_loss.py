"""The training loss of YOLO's first version, with a gradient of its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from converter.modules.gradients import with_gradient_of
from converter.modules.integers import check_range
from converter.modules.yolo_grids import cell_boxes, centered_iou

_MOST_DISTANCE = 20.0
"""Boxes without overlap are chosen by distance up to this; beyond it the first is."""


class CellLoss(nn.Module):
    """YOLO's loss of a grid of side² cells; the gradient is what each number lacks over n, not the derivative.

    grid: (n, (classes + 5 * boxes) * side²): class scores, objectness, then x, y, width, height of each box, a number a
    cell after another; labels: (n, 7 * side²): difficult, whether there is an object, class (from 0), then boxes cell
    by cell -> (). The box that overlaps the true one most stands for it, of boxes without overlap the nearest.
    `constrained`: x and y are those within a cell; `squared`: sizes are roots. NaN without an object.
    Source: yeahkun/caffe-yolo, src/caffe/layers/detection_loss_layer.cpp.
    """

    def __init__(
        self,
        classes: int,
        side: int,
        boxes: int,
        *,
        squared: bool = True,
        constrained: bool = False,
        object_scale: float = 1.0,
        noobject_scale: float = 0.5,
        class_scale: float = 1.0,
        coord_scale: float = 5.0,
    ) -> None:
        super().__init__()
        self.classes, self.side, self.boxes = classes, side, boxes
        self.squared, self.constrained = squared, constrained
        self.object_scale, self.noobject_scale = object_scale, noobject_scale
        self.class_scale, self.coord_scale = class_scale, coord_scale

    def forward(self, grid: Tensor, labels: Tensor) -> Tensor:
        """The loss, a scalar."""
        n, cells = len(grid), self.side**2
        values = grid.reshape(n, -1, cells)
        scores, sure, places = torch.split(values.detach(), [self.classes, self.boxes, 4 * self.boxes], 1)
        truth = labels.detach().reshape(n, 7, cells)
        there = truth[:, 1] != 0
        true = labels.detach().reshape(n, -1)[:, 3 * cells :].reshape(n, 1, cells, 4)
        found = cell_boxes(places, self.side, self.squared, self.constrained)
        chosen, overlap = self._responsible(found, true)
        chosen = chosen & there[:, None]
        classes = (scores - self._classes(truth[:, 2], there, scores)) * there[:, None]
        lacking = (places.reshape(n, -1, 4, cells) - self._targets(true)) * chosen[:, :, None]
        delta = torch.cat(
            [
                self.class_scale * classes,
                torch.where(chosen, self.object_scale * (sure - overlap[:, None]), self.noobject_scale * sure),
                self.coord_scale * lacking.flatten(1, 2),
            ],
            1,
        )
        count = there.sum()
        missed = (chosen * (sure - 1).square()).sum()
        of_objects = self.class_scale * classes.square().sum() + self.coord_scale * lacking.square().sum()
        nothing = self.noobject_scale * (~chosen * sure.square()).sum() / (sure.numel() - count)
        loss = (of_objects + self.object_scale * missed) / count + nothing
        pull = (values * delta).sum() / n
        return with_gradient_of(loss, pull)

    def _responsible(self, found: Tensor, true: Tensor) -> tuple[Tensor, Tensor]:
        """Which box of each cell stands for its true one, (n, boxes, cells), and how much it overlaps, (n, cells)."""
        overlap = centered_iou(found, true).nan_to_num(0)
        distance = (found - true).square().sum(-1).sqrt()
        nearest = torch.where(distance.amin(1) < _MOST_DISTANCE, distance.argmin(1), 0)
        best = torch.where((overlap > 0).any(1), overlap.argmax(1), nearest)
        boxes = torch.arange(self.boxes, device=found.device)[:, None]
        return best[:, None] == boxes, overlap.amax(1)

    def _classes(self, labels: Tensor, there: Tensor, scores: Tensor) -> Tensor:
        """1 at each object's class, (n, classes, cells)."""
        whole = labels.long()
        check_range("class", whole, self.classes, there)
        numbers = torch.arange(self.classes, device=scores.device)[:, None]
        return (whole[:, None] == numbers).to(scores.dtype)

    def _targets(self, true: Tensor) -> Tensor:
        """True boxes as the grid writes them, (n, 1, 4, cells)."""
        place, size = true[..., :2], true[..., 2:]
        if self.constrained:
            cells = torch.arange(self.side**2, device=true.device)
            place = place * self.side - torch.stack([cells % self.side, cells // self.side], -1).to(true.dtype)
        return torch.cat([place, size.sqrt() if self.squared else size], -1).transpose(2, 3)

    def extra_repr(self) -> str:
        """The grid and how its boxes are written."""
        return f"{self.classes}, {self.side}, {self.boxes}, squared={self.squared}, constrained={self.constrained}"
