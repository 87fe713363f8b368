"""YoloDetectionOutput: YOLOv2's boxes from one or two grids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("YoloDetectionOutput")
class YoloDetectionOutput(Operator):
    """Rows of 0, label, score, xmin, ymin, xmax, ymax: (1, 1, rows, 7), labels from 1.

    Bottoms: (n, num_box * (5 + num_classes), h, w): offsets, objectness, class scores. Each box has its likeliest
    class, scored by its softmax times the objectness; scores from `confidence_threshold` on go through suppression
    across classes. `biases` are the anchors in cells. No gradient. Source: eric612/MobileNet-YOLO,
    src/caffe/layers/yolo_detection_output_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read anchors and thresholds."""
        self.expect_bottoms(bottoms, 1, 2)
        view = p.message("yolo_detection_output_param")
        self.classes, self.boxes = view.integer("num_classes", 20), view.integer("num_box", 5)
        self.least, self.threshold = view.number("confidence_threshold", 0.01), view.number("nms_threshold", 0.45)
        self.biases = view.numbers("biases")
        view.text("label_map_file", "")  # names for people
        view.integer("side", 13)  # the source takes the bottom's width instead
        if view.integer("coords", 4) != 4:
            raise view.error("coords", f"is {view.integer('coords')}", "a box has 4 coordinates")
        if len(self.biases) != 2 * self.boxes:
            raise view.error("biases", f"is given {len(self.biases)} times", f"expected {2 * self.boxes}, 2 a box")
        wanted = self.boxes * (5 + self.classes)
        if any(len(shape) != 4 or shape[1] != wanted for shape in bottoms):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, {wanted}, h, w)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(1, 1, rows, 7); 1 stands for the number of rows, as in Caffe."""
        return [(1, 1, 1, 7)]

    def module(self) -> nn.Module:
        """YoloDetections."""
        from converter.modules import yolo

        anchors = list(zip(self.biases[::2], self.biases[1::2], strict=True))
        return yolo.YoloDetections(anchors, self.least, self.threshold)
