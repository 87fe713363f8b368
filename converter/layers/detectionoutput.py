"""DetectionOutput: SSD's boxes from offsets, scores and priors, suppressed class by class."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("DetectionOutput", "DETECTION_OUTPUT")
class DetectionOutput(Operator):
    """Rows of (image, label, score, xmin, ymin, xmax, ymax): (1, 1, rows, 7).

    Bottoms: offsets (n, priors * 4, or * classes * 4 unless `share_location`), scores (n, priors * classes), priors (1,
    2, priors * 4) with their variances; further bottoms are not read. Of each class but the background the scores above
    `confidence_threshold` (the best nms_param.top_k of them) go through greedy suppression; then each image keeps its
    `keep_top_k` best. Rows come by image, by label, by falling score. Where nothing is found there is one row a
    image: its number, then -1. No gradient. Source: SSD's src/caffe/layers/detection_output_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the thresholds and compare the bottoms."""
        self.expect_bottoms(bottoms, 3, 5)
        p.message("transform_param").take_rest()  # undone where detections are drawn into images, used for nothing else
        view = p.message("detection_output_param")
        self.classes = view.integer("num_classes")
        self.shared = view.flag("share_location", True)
        self.background = view.integer("background_label_id", 0)
        self.code = view.choice("code_type", ("CORNER", "CENTER_SIZE", "CORNER_SIZE"), "CORNER")
        self.encoded = view.flag("variance_encoded_in_target", False)
        self.keep = view.integer("keep_top_k", -1)
        self.least = view.number("confidence_threshold", -math.inf)
        nms = view.message("nms_param")
        self.threshold, self.eta = nms.number("nms_threshold", 0.3), nms.number("eta", 1.0)
        self.top_k = nms.integer("top_k", -1)
        if not 0 < self.eta <= 1:
            raise nms.error("eta", f"is {self.eta}", "expected above 0 and at most 1")
        self._compare(bottoms)

    def _compare(self, bottoms: Shapes) -> None:
        priors = bottoms[2][-1] // 4
        wanted = (priors * 4 * (1 if self.shared else self.classes), priors * self.classes)
        seen = (element_count(bottoms[0][1:]), element_count(bottoms[1][1:]))
        if seen != wanted:
            raise ShapeError(
                f"{seen[0]} offsets and {seen[1]} scores an image; {priors} priors need {wanted[0]} and {wanted[1]}"
            )

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(1, 1, rows, 7); how many rows is known when it has run: 1 stands for it, as in Caffe."""
        return [(1, 1, 1, 7)]

    def module(self) -> nn.Module:
        """DetectionOutput."""
        from converter.modules import detection

        return detection.DetectionOutput(
            self.classes,
            share_location=self.shared,
            background_label=self.background,
            code=self.code,
            variance_in_target=self.encoded,
            keep_top_k=self.keep,
            confidence_threshold=self.least,
            nms_threshold=self.threshold,
            eta=self.eta,
            top_k=self.top_k,
        )
