"""Yolov3DetectionOutput: YOLOv3's boxes from several grids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Yolov3DetectionOutput")
class Yolov3DetectionOutput(Operator):
    """Rows of 0, label, score, xmin, ymin, xmax, ymax: (1, 1, rows, 7), labels from 1.

    Bottoms: grids (n, num_box * (5 + num_classes), h, w) of offsets, objectness, class scores. Every class whose
    sigmoid times the objectness exceeds `confidence_threshold` is a candidate; suppression runs across classes. Grid t
    uses the anchors that its share of `mask` picks from `biases` (width and height in pixels) and counts as w *
    anchors_scale[t] pixels wide and high. No gradient. Source: eric612/MobileNet-YOLO,
    src/caffe/layers/yolov3_detection_output_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read anchors, masks and thresholds."""
        view = p.message("yolov3_detection_output_param")
        self.expect_bottoms(bottoms, view.integer("mask_group_num", 2))
        self.classes, self.boxes = view.integer("num_classes", 20), view.integer("num_box", 3)
        self.least, self.threshold = view.number("confidence_threshold", 0.01), view.number("nms_threshold", 0.45)
        self.biases, self.mask = view.numbers("biases"), view.integers("mask")
        self.scales = view.integers("anchors_scale")
        if len(self.scales) != len(bottoms):
            raise view.error("anchors_scale", f"is given {len(self.scales)} times", f"expected {len(bottoms)}")
        if len(self.mask) != self.boxes * len(bottoms) or any(2 * m + 1 >= len(self.biases) for m in self.mask):
            wanted = (
                f"expected {self.boxes * len(bottoms)} numbers of pairs of biases (there are {len(self.biases) // 2})"
            )
            raise view.error("mask", f"is {list(self.mask)}", wanted)
        channels = self.boxes * (5 + self.classes)
        if any(len(shape) != 4 or shape[1] != channels for shape in bottoms):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, {channels}, h, w)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(1, 1, rows, 7); 1 stands for the number of rows, as in Caffe."""
        return [(1, 1, 1, 7)]

    def module(self) -> nn.Module:
        """Yolov3Detections."""
        from converter.modules import yolo

        anchors = list(zip(self.biases[::2], self.biases[1::2], strict=False))
        masks = [self.mask[start : start + self.boxes] for start in range(0, len(self.mask), self.boxes)]
        return yolo.Yolov3Detections(anchors, masks, self.scales, self.least, self.threshold)
