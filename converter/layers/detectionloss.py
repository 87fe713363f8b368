"""DetectionLoss: the training loss of YOLO's first version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.examples import labels_of_cells
from converter.layers.kit.yolo import expect_cells
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params


@layer("DetectionLoss")
class DetectionLoss(Operator):
    """YOLO's loss of a grid of side² cells, (n, (num_class + 5 * num_object) * side²); top: ().

    The grid: class scores, objectness, then x, y, width, height of each box, a number a cell after another. Labels (n,
    7 * side²) as BoxData gives them: difficult, whether there is an object, class (from 0), then boxes cell by cell.
    `constriant`: x and y are those within a cell; `sqrt`: sizes are roots. Squares of what lacks, means over the
    objects, those of objectness where none is over the other boxes; NaN without an object. The gradient is what lacks
    over n, not the derivative; for the objectness of a true box it is what lacks to its overlap, in the loss to 1.
    Source: yeahkun/caffe-yolo, src/caffe/layers/detection_loss_layer.cpp (arXiv:1506.02640, equation 3).
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the scales, compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("detection_loss_param")
        self.side, self.classes = view.integer("side", 7), view.integer("num_class", 20)
        self.boxes = view.integer("num_object", 2)
        self.scales = {
            "object_scale": view.number("object_scale", 1.0),
            "noobject_scale": view.number("noobject_scale", 0.5),
            "class_scale": view.number("class_scale", 1.0),
            "coord_scale": view.number("coord_scale", 5.0),
        }
        self.squared, self.constrained = view.flag("sqrt", True), view.flag("constriant", False)
        expect_cells(bottoms, self.classes, self.boxes, self.side)

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """Labels of cells."""
        return labels_of_cells(random, self.classes, self.side, bottoms[1]) if place == 1 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()]

    def module(self) -> nn.Module:
        """CellLoss."""
        from converter.modules import cell_loss

        return cell_loss.CellLoss(
            self.classes, self.side, self.boxes, squared=self.squared, constrained=self.constrained, **self.scales
        )
