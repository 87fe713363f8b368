"""RegionLoss: YOLOv2's training loss, of three forks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converter.errors import ShapeError
from converter.layers.kit.examples import boxes_of_cells, boxes_of_images
from converter.layers.kit.windows import element_count
from converter.layers.kit.yolo import read_anchors
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params


@layer("RegionLoss")
class RegionLoss(Operator):
    """YOLOv2's loss of a square grid (n, num * (5 + num_class), s, s), biases in cells; top: ().

    Labels (1, 1, boxes, 8) of item, label, instance, xmin, ymin, xmax, ymax, difficult make it Intel's: what lacks in
    place and size is clipped, objectness cubed, the sum not divided. Labels (n, 1, boxes, 5) of class, x, y, width,
    height make it MobileNet-YOLO's. The gradient is the deltas over n, not the derivative, as in both. num_classes or
    threshold (in the place of num_class and thresh) make it zhang-xin's: deltas are without the sigmoids' slopes and
    neither they nor the loss are divided. jitter, random, absolute, batch and softmax change nothing. Refused:
    softmax_tree, class_map, coords other than 4; softmax: false of zhang-xin's.
    Source: intel/caffe, eric612/MobileNet-YOLO and zhang-xin/caffe, src/caffe/layers/region_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read anchors and scales, and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("region_loss_param")
        self.plain = view.has("num_classes") or view.has("threshold")
        self.classes = view.integer("num_classes" if view.has("num_classes") else "num_class", 20)
        self.anchors = read_anchors(view)
        if view.integer("coords", 4) != 4 or view.integer("num", 5) != len(self.anchors):
            raise view.error("num", f"is not that of {len(self.anchors)} pairs of biases", "expected one pair a box")
        if not view.flag("softmax", True) and self.plain:
            raise view.error("softmax", "is false", "the converter knows zhang-xin's loss with it")
        for name in ("jitter", "rescore", "absolute", "random", "batch"):
            view.number(name, 0.0)
        self.clipped = bottoms[1][-1:] == (8,) and not self.plain
        self.options: dict[str, Any] = {
            "thresh": view.number("threshold" if view.has("threshold") else "thresh", 0.2),
            "object_scale": view.number("object_scale", 1.0),
            "noobject_scale": view.number("noobject_scale", 0.5),
            "class_scale": view.number("class_scale", 1.0),
            "coord_scale": view.number("coord_scale", 5.0),
            "bias_match": bool(view.integer("bias_match", 1)),
            "rescore": bool(view.integer("rescore", 1)),
        }
        self._compare(view, bottoms)

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """True boxes."""
        if place != 1:
            return None
        if self.clipped:
            return boxes_of_images(random, bottoms[0][0], self.classes + 1, 0, bottoms[1])
        return boxes_of_cells(random, self.classes, bottoms[1])

    def _compare(self, view: Params, bottoms: Shapes) -> None:
        grid, labels = bottoms
        channels = len(self.anchors) * (5 + self.classes)
        if len(grid) != 4 or grid[1] != channels or grid[2] != grid[3]:
            raise ShapeError(f"a grid of shape {grid}; expected (n, {channels}, s, s)")
        if self.clipped and view.integer("side", 13) != grid[3]:
            raise view.error("side", f"is {view.integer('side', 13)}", f"the grid's is {grid[3]}")
        view.integer("side", 13)
        if not self.clipped and element_count(labels) % (5 * grid[0]):
            raise ShapeError(f"labels of shape {labels}; expected (1, 1, boxes, 8) or ({grid[0]}, 1, boxes, 5)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()]

    def module(self) -> nn.Module:
        """RegionLoss or PlainRegionLoss."""
        from converter.modules import plain_region_loss, yolo_losses

        if self.plain:
            return plain_region_loss.PlainRegionLoss(self.classes, self.anchors, **self.options)
        return yolo_losses.RegionLoss(self.classes, self.anchors, clipped=self.clipped, **self.options)
