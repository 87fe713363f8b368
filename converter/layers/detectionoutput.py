"""DetectionOutput: SSD's boxes from offsets, scores and priors, suppressed class by class."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.boxes import decoded, suppressed
from converter.layers.kit.lazytorch import torch
from converter.layers.kit.windows import count_of
from converter.layers.layer import Call, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


@layer("DetectionOutput", "DETECTION_OUTPUT")
class DetectionOutput(Operator):
    """Rows of (picture, label, score, xmin, ymin, xmax, ymax): (1, 1, rows, 7).

    Bottoms: offsets (n, priors * 4, or * classes * 4 unless `share_location`), scores (n, priors * classes), priors (1,
    2, priors * 4) with their variances; further bottoms are not read. Of each class but the background the scores above
    `confidence_threshold` (the best nms_param.top_k of them) go through greedy suppression; then each picture keeps its
    `keep_top_k` best. Rows come by picture, by label, by falling score. Where nothing is found there is one row a
    picture: its number, then -1. No gradient. Source: SSD's src/caffe/layers/detection_output_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the thresholds and compare the bottoms."""
        self.expect_bottoms(bottoms, 3, 5)
        p.message(
            "transform_param"
        ).take_rest()  # undone where detections are drawn into pictures, used for nothing else
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
        seen = (count_of(bottoms[0][1:]), count_of(bottoms[1][1:]))
        if seen != wanted:
            raise ShapeError(
                f"{seen[0]} offsets and {seen[1]} scores a picture; {priors} priors need {wanted[0]} and {wanted[1]}"
            )

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(1, 1, rows, 7); how many rows is known when it has run: 1 stands for it, as in Caffe."""
        return [(1, 1, 1, 7)]

    def forward(self, call: Call) -> list[Tensor]:
        """The rows of all pictures."""
        with torch.no_grad():
            offsets, scores, priors = call.bottoms[:3]
            n = offsets.shape[0]
            boxes = self._decode(offsets.reshape(n, -1, 1 if self.shared else self.classes, 4).movedim(2, 1), priors)
            scores = scores.reshape(n, -1, self.classes).movedim(2, 1)
            rows = [self._picture(index, boxes[index], scores[index]) for index in range(n)]
            found = torch.cat(rows)
            if not len(found):
                found = torch.full((n, 7), -1.0, dtype=scores.dtype, device=scores.device)
                found[:, 0] = torch.arange(n, dtype=scores.dtype, device=scores.device)
            return [found[None, None]]

    def _decode(self, offsets: Tensor, priors: Tensor) -> Tensor:
        """Boxes (n, classes or 1, priors, 4)."""
        boxes, variance = priors.reshape(-1, 2, priors.shape[-1] // 4, 4)[0]
        return decoded(self.code, boxes, offsets if self.encoded else offsets * variance)

    def _picture(self, picture: int, boxes: Tensor, scores: Tensor) -> Tensor:
        """One picture's rows: boxes (classes or 1, priors, 4), scores (classes, priors)."""
        chosen: list[tuple[int, Tensor]] = []
        for label in range(self.classes):
            if label != self.background:
                chosen.append((label, self._class(boxes[0 if self.shared else label], scores[label])))
        labels = torch.cat([torch.full_like(index, label) for label, index in chosen])
        index = torch.cat([index for _, index in chosen])
        if -1 < self.keep < len(index):
            best = scores[labels, index].sort(descending=True, stable=True).indices[: self.keep]
            best = best.sort().values
            labels, index = labels[best], index[best]
        own = boxes[torch.zeros_like(labels) if self.shared else labels, index]
        head = [torch.full_like(own[:, 0], picture), labels.to(own.dtype), scores[labels, index].to(own.dtype)]
        return torch.cat([torch.stack(head, 1), own], 1)

    def _class(self, boxes: Tensor, scores: Tensor) -> Tensor:
        """Indices of the boxes of one class that stay, by falling score."""
        index = (scores > self.least).nonzero()[:, 0]
        order = scores[index].sort(descending=True, stable=True).indices
        index = index[order[: self.top_k] if self.top_k > -1 else order]
        kept = suppressed(boxes[index], self.threshold, self.eta)
        return index[torch.tensor(kept, dtype=torch.long, device=index.device)]
