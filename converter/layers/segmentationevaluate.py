"""SegmentationEvaluate: MobileNet-YOLO's overlap of each class's map with its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("SegmentationEvaluate")
class SegmentationEvaluate(Operator):
    """Intersection over union of each class above `threshold`, (1, 1, 1, c), of the first item alone.

    Bottoms: probabilities (n, c, h, w) and labels (n, c, H, W). Probabilities of another size are cut to whole 255ths
    and resized as OpenCV resizes bytes, linearly; a class without a label is then -1, else 0. `num_classes` changes
    nothing. No gradient. Source: eric612/MobileNet-YOLO, src/caffe/layers/segmentation_evaluate_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the threshold, compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("segmentation_evaluate_param")
        view.integer("num_classes")
        self.threshold = view.number("threshold", 0.5)
        if any(len(shape) != 4 for shape in bottoms) or bottoms[0][1] != bottoms[1][1]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, c, h, w) twice, the same c")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(1, 1, 1, c)."""
        return [(1, 1, 1, bottoms[1][1])]

    def module(self) -> nn.Module:
        """ClassOverlap."""
        from converter.modules import segmentation

        return segmentation.ClassOverlap(self.threshold)
