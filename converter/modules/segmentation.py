"""Segmentation scored: MobileNet-YOLO's of several classes at once, with its loss, and DeepLab's figures."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from converter.modules.integers import check_range


class YoloSegLoss(nn.Module):
    """Sum of squares of what each value lacks / n; scores and labels (n, c, h, w), areas (n, c) of labels -> ().

    A value lacks scale · (sigmoid(score) - label), where its label is above 0.5 times 2 - a / (n h w - a), a the areas
    of its class together. That is also its gradient, over n. Source: eric612/MobileNet-YOLO,
    src/caffe/layers/yolo_seg.cpp.
    """

    def __init__(self, scale: float = 5.0) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, scores: Tensor, labels: Tensor, areas: Tensor) -> Tensor:
        """The loss."""
        n, classes, height, width = scores.shape
        target = labels.detach()
        area = areas.detach().reshape(-1, classes).sum(0)
        rarity = 2 - area / (areas.numel() // classes * height * width - area)
        lacking = self.scale * (scores.detach().sigmoid() - target)
        lacking = torch.where(target > 0.5, lacking * rarity[:, None, None], lacking)
        slope = (scores * lacking).sum() / n
        return lacking.square().sum() / n + (slope - slope.detach())

    def extra_repr(self) -> str:
        """The scale."""
        return f"scale={self.scale:g}"


class ClassOverlap(nn.Module):
    """Intersection over union of each class's pixels above a threshold, (1, 1, 1, c); 0 where they do not meet.

    scores: (n, c, h, w), labels: (n, c, H, W), of both the first item alone. Scores of another size are cut to whole
    255ths and brought to the labels' size as OpenCV does with bytes, linearly; a class without a label is then -1. No
    gradient. Source: eric612/MobileNet-YOLO, src/caffe/layers/segmentation_evaluate_layer.cpp.
    """

    def __init__(self, threshold: float = 0.5) -> None:
        super().__init__()
        self.threshold = threshold

    @torch.no_grad()
    def forward(self, scores: Tensor, labels: Tensor) -> Tensor:
        """The overlaps."""
        true = labels[0] > self.threshold
        resized = scores.shape[2:] != labels.shape[2:]
        if resized:
            bytes_ = (scores[0] * 255).trunc().long() & 255
            bytes_ = _resize_rows(_resize_columns(bytes_, labels.shape[3]), labels.shape[2])
            found = bytes_ > int(self.threshold * 255)
        else:
            found = scores[0] > self.threshold
        common, both = ((mask.sum((1, 2))).to(scores.dtype) for mask in (true & found, true | found))
        overlap = torch.where(common > 0, common / both, 0.0)
        if resized:
            overlap = torch.where(true.sum((1, 2)) > 0, overlap, -1.0)
        return overlap[None, None, None]

    def extra_repr(self) -> str:
        """The threshold."""
        return f"threshold={self.threshold:g}"


def _places(x: Tensor, axis: int, target: int) -> tuple[Tensor, Tensor, Tensor]:
    """For each of `target` places along an axis x's two places, and the second's weight in 2048ths."""
    source = x.shape[axis]
    place = (torch.arange(target, device=x.device, dtype=torch.float32) + 0.5) * (source / target) - 0.5
    place = place.clamp(0, source - 1)
    low = place.floor()
    weight = ((place - low) * 2048).round().long()
    return low.long(), (low.long() + 1).clamp(max=source - 1), weight


def _resize_columns(x: Tensor, width: int) -> Tensor:
    """(c, h, w) of whole numbers -> (c, h, width), times 2048."""
    low, high, weight = _places(x, 2, width)
    return x[:, :, low] * (2048 - weight) + x[:, :, high] * weight


def _resize_rows(x: Tensor, height: int) -> Tensor:
    """(c, h, w), times 2048 -> (c, height, w), rounded as OpenCV's byte code does."""
    low, high, weight = _places(x, 1, height)
    parts = (((2048 - weight)[:, None] * (x[:, low] >> 4)) >> 16) + ((weight[:, None] * (x[:, high] >> 4)) >> 16)
    return (parts + 2) >> 2


class SegmentationScores(nn.Module):
    """Pixel accuracy, its mean over the labels' classes, mean intersection over union: (1, 1, 1, 3).

    x: (n, c, h, w), labels: (n, 1, h, w), of which `ignored` do not count. Of equal scores the later class is the best.
    The overlap of a class that is neither seen nor meant is 1; without any pixel both accuracies are 0. No gradient.
    Source: hszhao/PSPNet, src/caffe/layers/seg_accuracy_layer.cpp, src/caffe/util/confusion_matrix.cpp.

    Attributes:
        counts: pixels by class meant and seen, (c, c), of the passes so far; with `reset` of the last one.
    """

    def __init__(self, ignored: Sequence[int] = (), reset: bool = True) -> None:
        super().__init__()
        self.ignored, self.reset = tuple(ignored), reset
        self.counts: Tensor | None = None

    @torch.no_grad()
    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """The three figures."""
        classes = x.shape[1]
        meant = labels.long().flatten()
        valid = torch.ones_like(meant, dtype=torch.bool)
        for ignored in self.ignored:
            valid = valid & (meant != ignored)
        check_range("label", meant, classes, valid)
        seen = (classes - 1 - x.flip(1).argmax(1)).flatten()
        place = torch.where(valid, meant.clamp(0, classes - 1) * classes + seen, 0)
        counts = torch.zeros(classes**2, dtype=torch.int64, device=x.device).scatter_add_(0, place, valid.long())
        counts = counts.reshape(classes, classes)
        if not self.reset and self.counts is not None:
            counts = counts + self.counts.to(x.device)
        self.counts = counts
        return self._figures(counts.to(x.dtype)).reshape(1, 1, 1, 3)

    @staticmethod
    def _figures(counts: Tensor) -> Tensor:
        right, meant, seen = counts.diagonal(), counts.sum(1), counts.sum(0)
        accuracy = right.sum() / counts.sum().clamp(min=1)
        recall = (right / meant.clamp(min=1)).sum() / (meant > 0).sum().clamp(min=1)
        union = meant + seen - right
        overlap = torch.where(union == right, 1.0, right / union.clamp(min=1))
        return torch.stack([accuracy, recall, overlap.mean()])

    def extra_repr(self) -> str:
        """What counts."""
        return f"ignored={self.ignored}, reset={self.reset}"
