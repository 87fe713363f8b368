"""DetectionEvaluate: SSD's marks of detections that hit a true box, for the average precision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.files.named import ALLOW_IT, NOT_ALLOWED, find_named
from converter.layers.kit.examples import boxes_of_images
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params


@layer("DetectionEvaluate")
class DetectionEvaluate(Operator):
    """Counts of true boxes and marks of detections, (1, 1, num_classes - 1 + detections, 5).

    Bottoms: detections (1, 1, d, 7) as DetectionOutput gives them, true boxes (1, 1, g, 8) as AnnotatedData does. First
    -1, label, number of true boxes, -1, -1 for each class; then item, label, score, hit, miss for each detection.
    name_size_file (lines of name, height, width), read when the module is built, makes overlaps those of pixels. Of
    equal scores the first comes first. No gradient.
    Source: SSD's src/caffe/layers/detection_evaluate_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the threshold, and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        self.view = p.message("detection_evaluate_param")
        self.classes, self.background = self.view.integer("num_classes"), self.view.integer("background_label_id", 0)
        self.threshold = self.view.number("overlap_threshold", 0.5)
        self.difficult = self.view.flag("evaluate_difficult_gt", True)
        self.source = self.view.text("name_size_file", "")
        if self.threshold <= 0:
            raise self.view.error("overlap_threshold", f"is {self.threshold:g}", "expected a number above 0")
        if any(shape[:2] != (1, 1) or shape[3:] != (last,) for shape, last in zip(bottoms, (7, 8), strict=True)):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (1, 1, boxes, 7) and (1, 1, boxes, 8)")

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """True boxes."""
        known = (self.classes, self.background, bottoms[1])
        return boxes_of_images(random, 1, *known) if place == 1 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """As many rows as there may be; a run gives those it found."""
        classes = self.classes - (0 <= self.background < self.classes)
        return [(1, 1, classes + bottoms[0][2], 5)]

    def module(self) -> nn.Module:
        """DetectionEvaluate; the file of sizes is read here."""
        from converter.modules import detection_evaluation

        return detection_evaluation.DetectionEvaluate(
            self.classes, self.background, self.threshold, self.difficult, self._sizes()
        )

    def _sizes(self) -> list[tuple[int, int]]:
        """(height, width) of every image, from the file that is named."""
        if not self.source:
            return []
        prototxt = self.view.record.where.path or ""
        try:
            path = find_named(self.source, prototxt) or Path(prototxt).parent / self.source
            lines = path.read_text().split()
            return [(int(h), int(w)) for h, w in zip(lines[1::3], lines[2::3], strict=True)]
        except PermissionError:
            raise self.view.error("name_size_file", NOT_ALLOWED.format(self.source), ALLOW_IT) from None
        except (OSError, ValueError) as error:
            hint = "give lines of name, height and width, or delete the field: overlaps are then of fractions"
            raise self.view.error("name_size_file", f"names {self.source!r}: {error}", hint) from None
