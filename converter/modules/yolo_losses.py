"""YOLO's training losses: the squares of what each box of a grid lacks to its target, with gradients of their own."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from converter.modules.gradients import with_gradient_of
from converter.modules.yolo_grids import centered_iou, grid_boxes, largest_overlap, one_hot

Anchor = tuple[float, float]


class YoloLoss(nn.Module):
    """What RegionLoss and Yolov3Loss share: grids, true boxes, the boxes that stand for them.

    grid: (n, anchors * (5 + classes), h, w) of x, y, width, height, objectness, classes; labels: (n, ..., 5) rows of
    class (from 0), x, y, width, height in fractions of the image, up to the first of width 0 -> (). The gradient of
    the grid is delta / n, where delta is what the forward pass sums the squares of: not the derivative of that sum.
    """

    divided = True
    """Whether the sum is divided by n."""

    gradient_divided = True
    """Whether the gradient is."""

    ends_at = 3
    """The number of a row of labels whose 0 ends them: the width."""

    def __init__(self, classes: int, anchors: Sequence[Anchor], thresh: float, class_scale: float) -> None:
        super().__init__()
        self.classes, self.anchors = classes, tuple(anchors)
        self.thresh, self.class_scale = thresh, class_scale

    def deltas(self, values: Tensor, truth: Tensor) -> Tensor:
        """Of one image: values (anchors, h, w, 5 + classes) and true boxes (t, 5) -> deltas, as the values."""
        raise NotImplementedError

    def forward(self, grid: Tensor, labels: Tensor) -> Tensor:
        """The loss, a scalar."""
        n, _, height, width = grid.shape
        values = grid.detach().reshape(n, -1, 5 + self.classes, height, width).movedim(2, -1)
        rows = self.true_boxes(labels.detach(), n)
        delta = torch.stack([self.deltas(*pair) for pair in zip(values, rows, strict=True)])
        loss = delta.square().sum() / (n if self.divided else 1)
        pull = (grid * (delta * self.slope(values)).movedim(-1, 2).reshape(grid.shape)).sum()
        pull = pull / n if self.gradient_divided else pull
        return with_gradient_of(loss, pull)

    def slope(self, values: Tensor) -> Tensor:
        """What the deltas are multiplied by in the gradient."""
        return torch.ones_like(values)

    def true_boxes(self, labels: Tensor, items: int) -> list[Tensor]:
        """Each image's boxes, (t, 5)."""
        found = []
        for rows in labels.reshape(items, -1, 5):
            ends = (rows[:, self.ends_at] == 0).nonzero()[:, 0].tolist()
            found.append(rows[: ends[0]] if ends else rows)
        return found

    def place(self, box: Tensor, height: int, width: int) -> tuple[int, int]:
        """The row and column of the cell that holds a box's center."""
        row, column = int(box[2] * height), int(box[1] * width)
        if not (0 <= row < height and 0 <= column < width):
            raise ValueError(f"a box's center at {float(box[1]):g}, {float(box[2]):g}; expected 0 to below 1")
        return row, column

    def shapes(self, like: Tensor, width: float, height: float) -> Tensor:
        """Boxes of the anchors' sizes around the origin, (anchors, 4), in fractions of an image of such a size."""
        size = like.new_tensor(self.anchors) / like.new_tensor([width, height])
        return torch.cat([torch.zeros_like(size), size], 1)

    def extra_repr(self) -> str:
        """Classes, anchors, threshold."""
        return f"{self.classes}, anchors={len(self.anchors)}, thresh={self.thresh:g}"


class RegionLoss(YoloLoss):
    """YOLOv2's loss; anchors are in cells, classes go through a softmax.

    Boxes that overlap a true one by more than `thresh` have no delta of objectness, others `noobject_scale` p² (1 - p).
    Each true box falls to the anchor of its cell whose size overlaps its own most (with `bias_match`, else that box's
    size): object_scale (p - overlap) p (1 - p) if `rescore`, else (p - 1) in its middle; coord_scale (times 2 - its
    area unless `rescore`) times what lacks in place and size; class_scale times what lacks in classes.
    With `clipped` it is Intel's: what lacks in place and size is held within -1 to 1, objectness has 2 (p - 1)³ p
    instead, the sum is not divided, and labels are (1, 1, boxes, 8) rows of item, class (from 1), instance, xmin, ymin,
    xmax, ymax, difficult.
    Source: eric612/MobileNet-YOLO and intel/caffe, src/caffe/layers/region_loss_layer.cpp.
    """

    def __init__(
        self,
        classes: int,
        anchors: Sequence[Anchor],
        thresh: float = 0.2,
        object_scale: float = 1.0,
        noobject_scale: float = 0.5,
        class_scale: float = 1.0,
        coord_scale: float = 5.0,
        bias_match: bool = True,
        rescore: bool = True,
        clipped: bool = False,
    ) -> None:
        super().__init__(classes, anchors, thresh, class_scale)
        self.object_scale, self.noobject_scale, self.coord_scale = object_scale, noobject_scale, coord_scale
        self.bias_match, self.rescore, self.clipped = bias_match, rescore, clipped
        self.divided = self.divided and not clipped

    def true_boxes(self, labels: Tensor, items: int) -> list[Tensor]:
        """Each image's boxes, (t, 5)."""
        if not self.clipped:
            return super().true_boxes(labels, items)
        rows = labels.reshape(-1, 8)
        centers, sizes = (rows[:, 3:5] + rows[:, 5:7]) / 2, rows[:, 5:7] - rows[:, 3:5]
        boxes = torch.cat([rows[:, 1:2] - 1, centers, sizes], 1)
        return [boxes[rows[:, 0].trunc() == item] for item in range(items)]

    def deltas(self, values: Tensor, truth: Tensor) -> Tensor:
        """Of one image."""
        height, width = values.shape[1:3]
        center, p = values[..., :2].sigmoid(), values[..., 4].sigmoid()
        likely = values[..., 5:].softmax(-1)
        boxes = grid_boxes(center, values[..., 2:4], self.shapes(values, width, height)[:, 2:])
        delta = torch.zeros_like(values)
        taken = largest_overlap(boxes, truth[:, 1:]) > self.thresh
        delta[..., 4] = torch.where(taken, 0.0, self.noobject_scale * self._nothing(p))
        for box in truth:
            row, column = self.place(box, height, width)
            own = boxes[:, row, column]
            shapes = self.shapes(values, width, height) if self.bias_match else own * own.new_tensor([0, 0, 1, 1])
            at = (int(centered_iou(shapes, box[1:] * box.new_tensor([0, 0, 1, 1])).argmax()), row, column)
            overlap = centered_iou(own[at[0]], box[1:])
            delta[at][:4] = self._box(
                values[at], box, self.anchors[at[0]], values.new_tensor([column, row, width, height])
            )
            delta[at][4] = self._object(p[at], overlap)
            delta[at][5:] = self.class_scale * (likely[at] - one_hot(likely[at], box[0]))
        return delta

    def _box(self, value: Tensor, box: Tensor, anchor: Anchor, cell: Tensor) -> Tensor:
        """What a box lacks in place and size, (4,); cell: column, row, and the grid's width and height."""
        near = value[:2].sigmoid()
        place = near - (box[1:3] * cell[2:] - cell[:2])
        size = value[2:4] - (box[3:5] * cell[2:] / value.new_tensor(anchor)).log()
        lacking = torch.cat([place, size])
        lacking = lacking.clamp(-1, 1) if self.clipped else lacking
        slope = torch.cat([near * (1 - near), torch.ones_like(near)])
        scale = self.coord_scale if self.rescore or self.clipped else self.coord_scale * (2 - box[3] * box[4])
        return scale * lacking * slope

    def _nothing(self, p: Tensor) -> Tensor:
        """The delta of objectness where nothing is."""
        return p * p * (1 - p)

    def _object(self, p: Tensor, overlap: Tensor) -> Tensor:
        """The delta of objectness of a box that stands for a true one."""
        if self.clipped:
            return -self.object_scale * 2 * (1 - p) ** 3 * p * (1 - p)
        return self.object_scale * (p - (overlap if self.rescore else 1.0)) * p * (1 - p)


class Yolov3Loss(YoloLoss):
    """YOLOv3's loss of one grid; anchors are in pixels, of which a cell has `stride`, `mask` names the grid's own.

    Boxes that overlap a true one by more than `thresh` have no delta of objectness, others p. A true box falls to the
    anchor, of all, whose size overlaps its own most, if that is in `mask`; and to those of `mask` that overlap it by
    more than `iou_thresh`, but (as in the fork) the one whose number is that anchor's place in `mask`. There
    objectness has p - 1, place and size coord_scale (2 - its area) times what lacks, classes class_scale times what
    lacks to 1 and 0, smoothed by `label_smooth_eps`; where another true box left a delta at its class only that one.
    With `logic_gradient` objectness has `object_scale` too, and the gradient the sigmoids' derivatives.
    Source: eric612/MobileNet-YOLO, src/caffe/layers/yolov3_layer.cpp, iou_loss MSE.
    """

    def __init__(
        self,
        classes: int,
        anchors: Sequence[Anchor],
        mask: Sequence[int],
        stride: int = 32,
        thresh: float = 0.2,
        object_scale: float = 1.0,
        class_scale: float = 1.0,
        coord_scale: float = 5.0,
        iou_thresh: float = 0.5,
        label_smooth_eps: float = 0.1,
        logic_gradient: bool = False,
    ) -> None:
        super().__init__(classes, anchors, thresh, class_scale)
        self.mask, self.stride, self.object_scale, self.coord_scale = tuple(mask), stride, object_scale, coord_scale
        self.iou_thresh, self.label_smooth_eps, self.logic_gradient = iou_thresh, label_smooth_eps, logic_gradient

    def slope(self, values: Tensor) -> Tensor:
        """The sigmoids' derivatives, 1 for sizes, where they count."""
        if not self.logic_gradient:
            return torch.ones_like(values)
        p = values.sigmoid()
        slope = p * (1 - p)
        slope[..., 2:4] = 1
        return slope

    def deltas(self, values: Tensor, truth: Tensor) -> Tensor:
        """Of one image."""
        height, width = values.shape[1:3]
        near = values.sigmoid()
        near[..., 2:4] = values[..., 2:4]
        shapes = self.shapes(values, width * self.stride, height * self.stride)
        boxes = grid_boxes(near[..., :2], near[..., 2:4], shapes[list(self.mask), 2:])
        delta = torch.zeros_like(values)
        taken = largest_overlap(boxes, truth[:, 1:]) > self.thresh
        delta[..., 4] = torch.where(taken, 0.0, near[..., 4])
        for box in truth:
            row, column = self.place(box, height, width)
            cell = values.new_tensor([column, row, width, height])
            for number in self._chosen(shapes, box):
                at = (number, row, column)
                self._pull(delta[at], near[at], box, cell, shapes[self.mask[number], 2:])
        return delta

    def _chosen(self, shapes: Tensor, box: Tensor) -> list[int]:
        """The places in `mask` of the anchors that a true box falls to."""
        overlap = centered_iou(shapes, box[1:] * box.new_tensor([0, 0, 1, 1]))
        best = int(overlap.argmax())
        first = [self.mask.index(best)] if best in self.mask else []
        passed = first[0] if first else best
        if self.iou_thresh >= 1:
            return first
        more = [n for n in sorted(set(self.mask)) if n != passed and float(overlap[n]) > self.iou_thresh]
        return [*first, *map(self.mask.index, more)]

    def _pull(self, delta: Tensor, near: Tensor, box: Tensor, cell: Tensor, anchor: Tensor) -> None:
        """Write the deltas (5 + classes,) of a box of the grid that stands for a true one."""
        scale = self.coord_scale * (2 - box[3] * box[4])
        delta[:2] = scale * (near[:2] - (box[1:3] * cell[2:] - cell[:2]))
        delta[2:4] = scale * (near[2:4] - (box[3:5] / anchor).log())
        delta[4] = (near[4] - 1) * (self.object_scale if self.logic_gradient else 1.0)
        eps, label = self.label_smooth_eps, int(box[0])
        wanted = one_hot(near[5:], box[0]) * (1 - eps) + eps / 2
        lacking = self.class_scale * (near[5:] - wanted)
        if float(delta[5 + label]) != 0:
            delta[5 + label] = lacking[label]
        else:
            delta[5:] = lacking
