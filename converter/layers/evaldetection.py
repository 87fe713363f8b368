"""EvalDetection: Intel's marks of the boxes of YOLOv2's grid that hit a true one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params

_ANCHORS = 5


@layer("EvalDetection")
class EvalDetection(Operator):
    """Counts of true boxes by class, then class, score, hit and miss of each predicted box: (n, classes + 20 * side²).

    Bottoms: the grid (n, 5 * (5 + num_class), side, side), true boxes (1, 1, boxes, 8) as AnnotatedData gives them;
    others are not read. `nms` suppresses across classes; without it no box is told, as in the original. Of equal scores
    the first comes first. `sqrt` and `constriant` change nothing. Refused: another num_object than 5, the number that
    the original's loop holds. No gradient.
    Source: intel/caffe, src/caffe/layers/eval_detection_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read anchors and thresholds, compare the bottoms."""
        self.expect_bottoms(bottoms, 2, max(2, len(bottoms)))
        view = p.message("eval_detection_param")
        self.side, self.classes = view.integer("side", 7), view.integer("num_class", 20)
        self.threshold, self.nms = view.number("threshold", 0.5), view.number("nms", -1.0)
        self.score = view.choice("score_type", ("OBJ", "PROB", "MULTIPLY"), "MULTIPLY")
        self.biases = view.numbers("biases")
        for name in ("sqrt", "constriant"):
            view.flag(name, True)
        if view.integer("num_object", 2) != _ANCHORS:
            raise view.error("num_object", f"is {view.integer('num_object', 2)}", f"expected {_ANCHORS}")
        if len(self.biases) != 2 * _ANCHORS:
            raise view.error("biases", f"is given {len(self.biases)} times", f"expected {2 * _ANCHORS}, 2 a box")
        wanted = (_ANCHORS * (5 + self.classes), self.side, self.side)
        if bottoms[0][1:] != wanted or bottoms[1][-1:] != (8,):
            sizes = ", ".join(map(str, wanted))
            raise ShapeError(f"bottoms of shapes {list(bottoms[:2])}; expected (n, {sizes}) and (1, 1, boxes, 8)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A row an item, long enough for every box."""
        return [(bottoms[0][0], self.classes + 4 * _ANCHORS * self.side**2)]

    def module(self) -> nn.Module:
        """GridEvaluate."""
        from converter.modules import grid_evaluation

        anchors = list(zip(self.biases[::2], self.biases[1::2], strict=True))
        return grid_evaluation.GridEvaluate(self.classes, anchors, self.threshold, self.nms, self.score)
