"""EvalDetection: marks of the boxes of a YOLO grid that hit a true one, of two forks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.examples import boxes_of_images, labels_of_cells
from converter.layers.kit.windows import element_count
from converter.layers.kit.yolo import LABELS, expect_cells
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params

_ANCHORS = 5


@layer("EvalDetection")
class EvalDetection(Operator):
    """Counts of true boxes by class, then class, score, hit and miss of each predicted box: (n, classes + 4 * boxes).

    True boxes (1, 1, boxes, 8) as AnnotatedData gives them make it Intel's, of YOLOv2's grid (n, 5 * (5 + num_class),
    side, side): without `nms` no box is told, as in the original; `sqrt` and `constriant` change nothing; refused:
    another num_object than 5, the number that the original's loop holds. Labels of 7 * side² numbers an item, as
    BoxData gives them, make it caffe-yolo's, of YOLO's grid of as many numbers as DetectionLoss takes. `nms` suppresses
    across classes. Of equal scores the first comes first. Further bottoms are not read. No gradient.
    Source: intel/caffe and yeahkun/caffe-yolo, src/caffe/layers/eval_detection_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read anchors and thresholds, compare the bottoms."""
        self.expect_bottoms(bottoms, 2, max(2, len(bottoms)))
        view = p.message("eval_detection_param")
        self.side, self.classes = view.integer("side", 7), view.integer("num_class", 20)
        self.boxes = view.integer("num_object", 2)
        self.threshold, self.nms = view.number("threshold", 0.5), view.number("nms", -1.0)
        self.score = view.choice("score_type", ("OBJ", "PROB", "MULTIPLY"), "MULTIPLY")
        self.squared, self.constrained = view.flag("sqrt", True), view.flag("constriant", True)
        self.biases = view.numbers("biases")
        self.of_cells = element_count(bottoms[1]) == bottoms[0][0] * LABELS * self.side**2
        if self.of_cells:
            expect_cells(bottoms, self.classes, self.boxes, self.side)
        else:
            self._compare(view, bottoms)

    def _compare(self, view: Params, bottoms: Shapes) -> None:
        if self.boxes != _ANCHORS:
            raise view.error("num_object", f"is {self.boxes}", f"expected {_ANCHORS}")
        if len(self.biases) != 2 * _ANCHORS:
            raise view.error("biases", f"is given {len(self.biases)} times", f"expected {2 * _ANCHORS}, 2 a box")
        wanted = (_ANCHORS * (5 + self.classes), self.side, self.side)
        if bottoms[0][1:] != wanted or bottoms[1][-1:] != (8,):
            sizes = ", ".join(map(str, wanted))
            raise ShapeError(f"bottoms of shapes {list(bottoms[:2])}; expected (n, {sizes}) and (1, 1, boxes, 8)")

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """True boxes, or labels of cells."""
        if place != 1:
            return None
        if self.of_cells:
            return labels_of_cells(random, self.classes, self.side, bottoms[1])
        return boxes_of_images(random, bottoms[0][0], self.classes + 1, 0, bottoms[1])

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A row an item, long enough for every box."""
        return [(bottoms[0][0], self.classes + 4 * self.boxes * self.side**2)]

    def module(self) -> nn.Module:
        """GridEvaluate or CellEvaluate."""
        from converter.modules import grid_evaluation

        if self.of_cells:
            return grid_evaluation.CellEvaluate(
                self.classes,
                self.side,
                self.boxes,
                squared=self.squared,
                constrained=self.constrained,
                threshold=self.threshold,
                nms_threshold=self.nms,
                score=self.score,
            )
        anchors = list(zip(self.biases[::2], self.biases[1::2], strict=True))
        return grid_evaluation.GridEvaluate(self.classes, anchors, self.threshold, self.nms, self.score)
