"""Region: YOLOv2's grid with probabilities, as three families of forks have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.yolo import read_anchors
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params

_OF_PLANES = ("num", "num_classes", "side")
_OF_TEXT_SPOTTER = ("nms_threshold", "iou_threshold", "expand_bias")
_OF_TRAINING = (
    *("absolute", "bias_match", "class_scale", "coord_scale", "jitter", "noobject_scale", "object_scale", "random"),
    "rescore",
)
_UNUSED = (
    *_OF_TRAINING,
    *("background", "box_thresh", "classfix", "log", "mask_scale", "max", "nms_thresh", "relative", "sqrt", "thresh"),
    "tree_thresh",
)


@layer("Region", "region")
class Region(Operator):
    """YOLOv2's grid (n, num * (coords + 1 + classes), h, w), made ready in one of three ways; no gradient.

    With num, num_classes or side: sigmoids of x, y and objectness, softmax of the classes; other fields of
    region_param change nothing (darknet2caffe's files; Intel's and sokeeffe/caffe_yolo's source).
    With boxes_of_each_grid: objectness and, with `softmax`, classes alone; the top has the bottom's shape, its numbers
    the order (h, w, box, value) (lwplw/caffe_yolov2, which leaves it open whether `softmax` is read).
    With region_loss_param: tops boxes (num, side, side, 4) of x, y, width, height and probabilities (num, side, side,
    classes + 1), 0 up to thresh or threshold, the largest last; of the first item (zhang-xin/caffe, zhangnju/caffe).
    Refused: DeepTextSpotter's, which reads beyond the end of its anchors.
    Source: openvinotoolkit/training_toolbox_caffe and those named, src/caffe/layers/region_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Tell the forms apart and read the one that it is."""
        own = p.message("region_param")
        for name in _OF_TEXT_SPOTTER:
            if own.has(name):
                text = "is of DeepTextSpotter's Region, which reads beyond the end of its anchors"
                raise own.error(name, text, "end the net before this layer")
        self.expect_bottoms(bottoms, 1)
        self.threshold, self.anchors, self.coords, self.softmax = 0.0, list[tuple[float, float]](), 4, True
        if p.has("region_loss_param"):
            self.form = "boxes"
            self._read_boxes(p.message("region_loss_param"), bottoms[0])
        elif own.has("boxes_of_each_grid"):
            self.form = "rows"
            self._read_rows(own, bottoms[0])
        elif any(map(own.has, _OF_PLANES)):
            self.form = "planes"
            self._read_planes(own, bottoms[0])
        else:
            hint = "forks differ: add num (Intel's, a grid of planes) or boxes_of_each_grid (lwplw's, rows of boxes)"
            raise own.error("num", "is missing", hint)

    def _read_planes(self, view: Params, grid: Sequence[int]) -> None:
        self.num, self.coords = view.integer("num", 5), view.integer("coords", 4)
        classes = view.integer("num_classes" if view.has("num_classes") else "classes", 20)
        for name in _UNUSED:
            view.number(name, 0.0)
        view.flag("softmax", True)
        view.texts("anchors")
        view.numbers("biases")
        if self.coords < 2:
            raise view.error("coords", f"is {self.coords}", "expected x and y at least")
        side = view.integer("side", 13) if view.has("num_classes") or view.has("side") else 0
        self._expect(grid, self.coords + 1, classes, side)

    def _read_rows(self, view: Params, grid: Sequence[int]) -> None:
        self.num, self.softmax = view.integer("boxes_of_each_grid"), view.flag("softmax", False)
        view.texts("anchors")
        self._expect_four(view)
        self._expect(grid, 5, view.integer("classes", 20), 0)

    def _read_boxes(self, view: Params, grid: Sequence[int]) -> None:
        self.anchors = read_anchors(view)
        self.num, self.softmax = view.integer("num", 5), view.flag("softmax", True)
        self.threshold = view.number("threshold" if view.has("threshold") else "thresh", 0.2)
        for name in ("batch", *_OF_TRAINING):
            view.number(name, 0.0)
        self._expect_four(view)
        if self.num != len(self.anchors):
            raise view.error("num", f"is not that of {len(self.anchors)} pairs of biases", "expected one pair a box")
        if self.tops != 2:
            raise ShapeError(f"{self.tops} tops; expected two, boxes and probabilities")
        classes = view.integer("num_classes" if view.has("num_classes") else "num_class", 20)
        self._expect(grid, 5, classes, view.integer("side", 13))

    def _expect_four(self, view: Params) -> None:
        if view.integer("coords", 4) != 4:
            raise view.error("coords", f"is {view.integer('coords')}", "a box has 4 coordinates")

    def _expect(self, grid: Sequence[int], before: int, classes: int, side: int) -> None:
        """Compare the grid: `before` values of a box stand before its classes; `side` 0 leaves its size open."""
        self.classes = classes
        channels = self.num * (before + classes)
        if min(self.num, classes) < 1 or len(grid) != 4 or grid[1] != channels or (side and grid[2:] != (side, side)):
            sizes = f"{side}, {side}" if side else "h, w"
            told = f"of {self.num} boxes, each {before} numbers and {classes} classes"
            raise ShapeError(f"a grid of shape {grid}; expected (n, {channels}, {sizes}): {told}")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The bottom's shape, or boxes and probabilities."""
        if self.form != "boxes":
            return [bottoms[0]]
        cells = (self.num, *bottoms[0][2:])
        return [(*cells, 4), (*cells, self.classes + 1)]

    def module(self) -> nn.Module:
        """RegionActivations, RegionRows or RegionBoxes."""
        from converter.modules import region_grids

        if self.form == "boxes":
            return region_grids.RegionBoxes(self.anchors, self.threshold, self.softmax)
        if self.form == "rows":
            return region_grids.RegionRows(self.num, self.softmax)
        return region_grids.RegionActivations(self.num, self.coords)
