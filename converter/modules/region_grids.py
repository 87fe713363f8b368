"""YOLOv2's region layer at test time, as three families of forks have it: a grid of boxes with probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from converter.modules.yolo_grids import grid_boxes


class RegionActivations(nn.Module):
    """Sigmoids of each box's x, y and objectness, softmax of its classes; x: (n, num * (coords + 1 + classes), h, w).

    No gradient. Source: src/caffe/layers/region_layer.cpp of openvinotoolkit/training_toolbox_caffe and
    sokeeffe/caffe_yolo; Darknet's src/region_layer.c.

        >>> RegionActivations(1)(torch.zeros(1, 7, 1, 1)).flatten()
        tensor([0.5000, 0.5000, 0.0000, 0.0000, 0.5000, 0.5000, 0.5000])
    """

    def __init__(self, num: int, coords: int = 4) -> None:
        super().__init__()
        self.num, self.coords = num, coords

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """The same grid, activated."""
        values = x.reshape(x.shape[0], self.num, -1, *x.shape[2:])
        place, size = values[:, :, :2].sigmoid(), values[:, :, 2 : self.coords]
        objectness = values[:, :, self.coords : self.coords + 1].sigmoid()
        return torch.cat([place, size, objectness, values[:, :, self.coords + 1 :].softmax(2)], 2).reshape(x.shape)

    def extra_repr(self) -> str:
        """Boxes of a cell and their coordinates."""
        return f"num={self.num}, coords={self.coords}"


class RegionRows(nn.Module):
    """Boxes one after another, cell by cell, with a sigmoid of objectness; x: (n, num * (5 + classes), h, w).

    The top has the bottom's shape, but its numbers stand in the order (h, w, box, value). With `softmax` classes go
    through one. No gradient. Source: lwplw/caffe_yolov2, src/caffe/layers/region_layer.cpp.

        >>> RegionRows(1, softmax=False)(torch.arange(12.0).reshape(1, 6, 1, 2))[0, :, 0, :].round().flatten()
        tensor([ 0.,  2.,  4.,  6.,  1., 10.,  1.,  3.,  5.,  7.,  1., 11.])
    """

    def __init__(self, num: int, softmax: bool) -> None:
        super().__init__()
        self.num, self.softmax = num, softmax

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """The grid as rows, under its old shape."""
        rows = x.reshape(x.shape[0], self.num, -1, *x.shape[2:]).permute(0, 3, 4, 1, 2)
        classes = rows[..., 5:].softmax(-1) if self.softmax else rows[..., 5:]
        return torch.cat([rows[..., :4], rows[..., 4:5].sigmoid(), classes], -1).reshape(x.shape)

    def extra_repr(self) -> str:
        """Boxes of a cell, and whether classes are normalized."""
        return f"num={self.num}, softmax={self.softmax}"


class RegionBoxes(nn.Module):
    """Boxes (num, s, s, 4) of x, y, width, height and probabilities (num, s, s, classes + 1) of the first item.

    x: (n, num * (5 + classes), s, s). Probabilities up to `threshold` are 0; the last one is the largest. `anchors`
    (width, height) are in cells. No gradient. Source: zhang-xin/caffe, src/caffe/layers/region_layer.cpp and
    include/caffe/util/region_util.hpp.
    """

    def __init__(self, anchors: Sequence[tuple[float, float]], threshold: float, softmax: bool) -> None:
        super().__init__()
        self.anchors, self.threshold, self.softmax = tuple(anchors), threshold, softmax

    @torch.no_grad()
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes, probabilities."""
        side = x.shape[3]
        values = x[0].reshape(len(self.anchors), -1, side, side).permute(0, 2, 3, 1)
        anchors = torch.tensor(self.anchors, dtype=x.dtype, device=x.device) / side
        boxes = grid_boxes(values[..., :2].sigmoid(), values[..., 2:4], anchors)
        classes = values[..., 5:].softmax(-1) if self.softmax else values[..., 5:]
        scores = values[..., 4:5].sigmoid() * classes
        scores = torch.cat([scores, scores.amax(-1, keepdim=True).clamp(min=0)], -1)
        return boxes, torch.where(scores > self.threshold, scores, 0)

    def extra_repr(self) -> str:
        """Anchors, threshold, and whether classes are normalized."""
        return f"anchors={len(self.anchors)}, threshold={self.threshold:g}, softmax={self.softmax}"
