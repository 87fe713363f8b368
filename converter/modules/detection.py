"""SSD's and Faster R-CNN's ends: prior boxes, detections, proposals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from converter.modules.boxes import decode_boxes, suppress

Box = tuple[float, float, float, float]


class PriorBox(nn.Module):
    """Boxes around the center of every cell, as fractions of the image, and their variances; only sizes count.

    features: (n, c, h, w), image: (n, 3, H, W) -> (1, 2, h * w * boxes * 4): row 0 holds xmin, ymin, xmax, ymax, row 1
    the variances. `boxes` are widths and heights in pixels; `image_size` and `step` (height, width) stand for the
    second tensor and for the image's size over the map's. With `shifts`, where each box's center lies from the cell's,
    (x, y) in pixels, no box begins before the image or ends behind it.
    Source: SSD's src/caffe/layers/prior_box_layer.cpp; arXiv:1512.02325, section 2.2; zihaozhang9/FaceBoxes.

        >>> PriorBox([(10.0, 10.0)])(torch.zeros(1, 8, 2, 3), torch.zeros(1, 3, 20, 30)).shape
        torch.Size([1, 2, 24])
    """

    def __init__(
        self,
        boxes: Sequence[tuple[float, float]],
        variance: Sequence[float] = (0.1,),
        offset: float = 0.5,
        clip: bool = False,
        image_size: tuple[float, float] | None = None,
        step: tuple[float, float] | None = None,
        shifts: Sequence[tuple[float, float]] = (),
    ) -> None:
        super().__init__()
        self.shifts = tuple(shifts)
        self.boxes, self.variance, self.offset, self.clip = tuple(boxes), tuple(variance), offset, clip
        self.image_size, self.step = image_size, step

    def forward(self, features: Tensor, image: Tensor | None = None) -> Tensor:
        """The boxes, of the features' type."""
        rows, columns = features.shape[2:]
        if self.image_size is not None or image is None:
            height, width = self.image_size or (1.0, 1.0)
        else:
            height, width = image.shape[2:]
        step_y, step_x = self.step or (height / rows, width / columns)
        options: dict[str, Any] = {"dtype": features.dtype, "device": features.device}
        y = (torch.arange(rows, **options) + self.offset) * step_y
        x = (torch.arange(columns, **options) + self.offset) * step_x
        size = torch.tensor(self.boxes, **options)
        half = torch.cat([-size, size], 1) / 2
        grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], -1).repeat(1, 1, 2)
        centers = grid[:, :, None]
        if self.shifts:
            centers = centers + torch.tensor(self.shifts, **options).repeat(1, 2)
        corners = centers + half
        boxes = torch.stack(
            [corners[..., 0] / width, corners[..., 1] / height, corners[..., 2] / width, corners[..., 3] / height], -1
        )
        if self.shifts:
            boxes = torch.cat([boxes[..., :2].clamp(min=0), boxes[..., 2:].clamp(max=1)], -1)
        if self.clip:
            boxes = boxes.clamp(0, 1)
        variance = torch.tensor(self.variance, **options).expand(4)
        return torch.stack([boxes.reshape(-1), variance.repeat(rows * columns * len(self.boxes))])[None]

    def extra_repr(self) -> str:
        """The boxes and options."""
        return f"boxes={len(self.boxes)}, variance={self.variance}, offset={self.offset:g}, clip={self.clip}"


class DetectionOutput(nn.Module):
    """Rows of image, label, score, xmin, ymin, xmax, ymax: (1, 1, rows, 7).

    offsets: (n, priors * 4, or * classes * 4 unless `share_location`), scores: (n, priors * classes), priors: (1, 2,
    priors * 4) with their variances; further tensors are not read. Of each class but the background the scores above
    `confidence_threshold` (the best `top_k` of them) go through greedy suppression; then each image keeps its
    `keep_top_k` best. Rows come by image, by label, by falling score. Where nothing is found there is one row an image:
    its number, then -1. No gradient; the number of rows is known when it runs.
    Source: SSD's src/caffe/layers/detection_output_layer.cpp.
    """

    suppress = staticmethod(suppress)

    def __init__(
        self,
        num_classes: int,
        *,
        share_location: bool = True,
        background_label: int = 0,
        code: str = "CORNER",
        variance_in_target: bool = False,
        keep_top_k: int = -1,
        confidence_threshold: float = -math.inf,
        nms_threshold: float = 0.3,
        eta: float = 1.0,
        top_k: int = -1,
    ) -> None:
        super().__init__()
        self.num_classes, self.share_location, self.background_label = num_classes, share_location, background_label
        self.code, self.variance_in_target, self.keep_top_k = code, variance_in_target, keep_top_k
        self.confidence_threshold, self.nms_threshold = confidence_threshold, nms_threshold
        self.eta, self.top_k = eta, top_k

    @torch.no_grad()
    def forward(self, offsets: Tensor, scores: Tensor, priors: Tensor, *_: Tensor) -> Tensor:
        """The rows of all images; until the last step every box has its place, whatever the numbers are."""
        n, labels = offsets.shape[0], [label for label in range(self.num_classes) if label != self.background_label]
        boxes = self._decode(offsets, priors)
        boxes = boxes.expand(-1, len(labels), -1, -1) if self.share_location else boxes[:, labels]
        scores = scores.reshape(n, -1, self.num_classes).movedim(2, 1)[:, labels]
        scores = torch.where(scores > self.confidence_threshold, scores, -math.inf)
        scores, order = scores.sort(dim=-1, descending=True, stable=True)
        if self.top_k > -1:
            scores, order = scores[..., : self.top_k], order[..., : self.top_k]
        boxes = boxes.gather(2, order[..., None].expand(-1, -1, -1, 4))
        kept = self.suppress(boxes.flatten(0, 1), scores.flatten(0, 1), self.nms_threshold, eta=self.eta)
        images = torch.arange(n, dtype=scores.dtype, device=scores.device)
        kinds = torch.tensor(labels, dtype=scores.dtype, device=scores.device)[:, None].expand_as(scores)
        rows = torch.stack([images[:, None, None].expand_as(scores), kinds, scores], -1)
        kept, rows = self._best(kept.reshape(n, -1), torch.cat([rows, boxes], -1).reshape(n, -1, 7))
        none = torch.cat([images[:, None], torch.full_like(images, -1.0)[:, None].expand(-1, 6)], 1)
        kept = torch.cat([kept.reshape(-1), ~kept.any().expand(n)])
        return torch.cat([rows.reshape(-1, 7), none])[kept.nonzero()[:, 0]][None, None]

    def _decode(self, offsets: Tensor, priors: Tensor) -> Tensor:
        """Boxes (n, classes or 1, priors, 4)."""
        kinds = 1 if self.share_location else self.num_classes
        offsets = offsets.reshape(offsets.shape[0], -1, kinds, 4).movedim(2, 1)
        boxes, variance = priors.reshape(-1, 2, priors.shape[-1] // 4, 4)[0]
        return decode_boxes(self.code, boxes, offsets if self.variance_in_target else offsets * variance)

    def _best(self, kept: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Of each image's rows (n, r, 7), some of them kept, the `keep_top_k` with the best scores, in their order."""
        if self.keep_top_k < 0:
            return kept, rows
        ranked = torch.where(kept, rows[..., 2], -math.inf).sort(dim=-1, descending=True, stable=True).indices
        best = ranked[:, : self.keep_top_k].sort(dim=-1, stable=True).values
        return kept.gather(1, best), rows.gather(1, best[..., None].expand(-1, -1, 7))

    def extra_repr(self) -> str:
        """The thresholds."""
        return (
            f"{self.num_classes}, code={self.code}, confidence_threshold={self.confidence_threshold:g}, "
            f"nms_threshold={self.nms_threshold:g}, top_k={self.top_k}, keep_top_k={self.keep_top_k}"
        )


class Proposal(nn.Module):
    """Regions (r, 5) of image, x1, y1, x2, y2, and, with `scores`, their scores (r,).

    probabilities: (n, 2 * anchors, h, w), background first; offsets: (n, 4 * anchors, h, w); sizes: (n, 4 or more) of
    height, width and their scale factors. Offsets move anchors by parts of their size and scale it by exp; boxes are
    cut to the image, and those narrower or lower than min_size * scale score 0. The `before` best go through
    suppression until `after` are left. No gradient. Source: PVANet's src/caffe/layers/proposal_layer.cpp
    (sanghoon/caffe); arXiv:1506.01497, section 3.1.
    """

    keeps_small = True
    suppress = staticmethod(suppress)

    def __init__(
        self,
        anchors: Sequence[Box],
        stride: int = 16,
        before: int = 6000,
        after: int = 300,
        nms_threshold: float = 0.7,
        min_size: float = 16.0,
        scores: bool = False,
    ) -> None:
        super().__init__()
        self.anchors, self.stride, self.before, self.after = tuple(anchors), stride, before, after
        self.nms_threshold, self.min_size, self.scores = nms_threshold, min_size, scores

    @torch.no_grad()
    def forward(self, probabilities: Tensor, offsets: Tensor, sizes: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The regions of all images, and their scores where they are asked for."""
        n = probabilities.shape[0]
        boxes, large = self._boxes(probabilities, offsets, sizes.reshape(n, -1))
        score = probabilities[:, len(self.anchors) :].permute(0, 2, 3, 1).reshape(n, -1)
        score = score * large if self.keeps_small else torch.where(large, score, -math.inf)
        score, order = score.sort(dim=-1, descending=True, stable=True)
        score, order = score[:, : self.before], order[:, : self.before]
        boxes = boxes.gather(1, order[..., None].expand(-1, -1, 4))
        kept = self.suppress(boxes, score, self.nms_threshold, border=1.0, most=self.after)
        places = kept.reshape(-1).nonzero()[:, 0]
        images = torch.arange(n, dtype=boxes.dtype, device=boxes.device)[:, None, None].expand_as(boxes[..., :1])
        regions = torch.cat([images, boxes], -1).reshape(-1, 5)[places]
        return (regions, score.reshape(-1)[places]) if self.scores else regions

    def _boxes(self, probabilities: Tensor, offsets: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        """Every anchor's box in its image (n, anchors, 4), and whether it is large enough (n, anchors)."""
        anchors = shift_anchors(self.anchors, self.stride, probabilities[0])
        size = anchors[:, 2:] - anchors[:, :2] + 1
        n = image.shape[0]
        moves = offsets.reshape(n, len(self.anchors), 4, -1).permute(0, 3, 1, 2).reshape(n, -1, 4)
        center = anchors[:, :2] + size / 2 + moves[..., :2] * size
        half = moves[..., 2:].exp() * size / 2
        limit = image[:, None, [1, 0]] - 1
        boxes = torch.cat([torch.minimum(corner, limit).clamp(min=0) for corner in (center - half, center + half)], -1)
        scale = image[:, None, [3, 2] if image.shape[1] > 3 else [2, 2]]
        return boxes, (boxes[..., 2:] - boxes[..., :2] + 1 >= self.min_size * scale).all(-1)

    def extra_repr(self) -> str:
        """The limits."""
        return f"anchors={len(self.anchors)}, stride={self.stride}, before={self.before}, after={self.after}"


class RegionProposal(Proposal):
    """`Proposal` as py-faster-rcnn's Python layer has it: too small boxes are left out, scores are (r, 1).

    Source: rbgirshick/py-faster-rcnn, lib/rpn/proposal_layer.py.
    """

    keeps_small = False

    def forward(self, probabilities: Tensor, offsets: Tensor, sizes: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The regions, (r, 5), and their scores, (r, 1), where they are asked for."""
        found = super().forward(probabilities, offsets, sizes)
        return found if isinstance(found, Tensor) else (found[0], found[1][:, None])


def shift_anchors(anchors: Sequence[Box], stride: int, like: Tensor) -> Tensor:
    """The anchors at every position, row by row: (h * w * anchors, 4), like: (c, h, w)."""
    options: dict[str, Any] = {"dtype": like.dtype, "device": like.device}
    y, x = (torch.arange(size, **options) * stride for size in like.shape[1:])
    corner = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], -1).repeat(1, 1, 2)
    return (corner[:, :, None] + torch.tensor(anchors, **options)).reshape(-1, 4)
