"""Yolov3: YOLOv3's training loss of one grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from converter.errors import ShapeError
from converter.layers.kit.examples import boxes_of_cells
from converter.layers.kit.windows import element_count
from converter.layers.kit.yolo import read_anchors
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params

SMOOTHED: Final = 0.10000000149011612
"""The default of label_smooth_eps: 0.1 as Caffe's float holds it."""


@layer("Yolov3")
class Yolov3(Operator):
    """YOLOv3's loss of a grid (n, num * (5 + num_class), h, w); top: ().

    Labels (n, 1, boxes, 5) of class (from 0), x, y, width, height in fractions, up to the first of width 0. biases are
    in pixels, of which a cell has anchors_scale, mask picks the grid's own. noobject_scale changes nothing, nor does
    object_scale without use_logic_gradient, as in the fork; the gradient is the deltas over n, not the derivative.
    Refused: iou_loss other than MSE, use_focal_loss.
    Source: eric612/MobileNet-YOLO, src/caffe/layers/yolov3_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read anchors and scales, and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("yolov3_param")
        self.anchors, self.mask = read_anchors(view), view.integers("mask")
        view.choice("iou_loss", ("MSE",), "MSE")
        if view.flag("use_focal_loss", False):
            raise view.error("use_focal_loss", "is true", "the converter knows the loss without it")
        for name in ("noobject_scale", "side", "iou_normalizer", "max_delta"):
            view.number(name, 0.0)
        view.flag("accumulate", True)
        self.classes = view.integer("num_class", 20)
        self.options: dict[str, Any] = {
            "stride": view.integer("anchors_scale", 32),
            "thresh": view.number("thresh", 0.2),
            "object_scale": view.number("object_scale", 1.0),
            "class_scale": view.number("class_scale", 1.0),
            "coord_scale": view.number("coord_scale", 5.0),
            "iou_thresh": view.number("iou_thresh", 0.5),
            "label_smooth_eps": view.number("label_smooth_eps", SMOOTHED),
            "logic_gradient": view.flag("use_logic_gradient", False),
        }
        self._compare(view, bottoms)

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """True boxes."""
        return boxes_of_cells(random, self.classes, bottoms[1]) if place == 1 else None

    def _compare(self, view: Params, bottoms: Shapes) -> None:
        grid, labels = bottoms
        if view.integer("num", 5) != len(self.mask) or max(self.mask, default=0) >= len(self.anchors):
            hint = f"expected {view.integer('num', 5)} numbers below {len(self.anchors)}"
            raise view.error("mask", f"is {list(self.mask)}", hint)
        channels = len(self.mask) * (5 + self.classes)
        if len(grid) != 4 or grid[1] != channels:
            raise ShapeError(f"a grid of shape {grid}; expected (n, {channels}, h, w)")
        if element_count(labels) % (5 * grid[0]):
            raise ShapeError(f"labels of shape {labels}; expected ({grid[0]}, 1, boxes, 5)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()]

    def module(self) -> nn.Module:
        """Yolov3Loss."""
        from converter.modules import yolo_losses

        return yolo_losses.Yolov3Loss(self.classes, self.anchors, self.mask, **self.options)
