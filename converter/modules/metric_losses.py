"""Losses on distances and boxes, and the accuracy."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.losses import integer_labels


class ContrastiveLoss(nn.Module):
    """Sum over pairs / 2n of d² where the label is not 0, else max(margin - d, 0)², d the Euclidean distance.

    With `legacy` the second is max(margin - d², 0). a, b: (n, c) or (n, c, 1, 1), labels: n numbers -> (). Caffe
    divides by d + 1e-4 where the derivative of d divides by d; so does the gradient here.
    Source: src/caffe/layers/contrastive_loss_layer.cpp; Hadsell, Chopra and LeCun 2006, equation 4.
    """

    def __init__(self, margin: float = 1.0, legacy: bool = False) -> None:
        super().__init__()
        self.margin, self.legacy = margin, legacy

    def forward(self, a: Tensor, b: Tensor, labels: Tensor) -> Tensor:
        """The loss."""
        square = (a.flatten(1) - b.flatten(1)).square().sum(1) if a.ndim > 1 else (a - b).square()
        alike = labels.detach().reshape(-1).trunc() != 0
        apart = F.relu(self.margin - square) if self.legacy else self._dissimilar_term(square)
        return (square * alike + apart * ~alike).sum() / (2 * a.shape[0])

    def _dissimilar_term(self, square: Tensor) -> Tensor:
        """max(margin - d, 0)², with Caffe's slope over d²."""
        distance = square.detach().sqrt()
        missing = (self.margin - distance).clamp(min=0)
        return missing * missing - missing / (distance + 1e-4) * (square - square.detach())

    def extra_repr(self) -> str:
        """The margin."""
        return f"margin={self.margin:g}, legacy={self.legacy}"


class SmoothL1Loss(nn.Module):
    """Sum of outside * smooth_l1(inside * (x - target)) / n; x: (n, ...), the others as many values -> ().

    smooth_l1(d) = (sigma d)² / 2 where |d| < 1 / sigma², else |d| - 1 / (2 sigma²).
    Source: Fast R-CNN's src/caffe/layers/smooth_L1_loss_layer.cpp, py-faster-rcnn's for `sigma` and outside weights.

        >>> SmoothL1Loss()(torch.tensor([[3.0]]), torch.tensor([[0.0]]))
        tensor(2.5000)
    """

    def __init__(self, sigma: float = 1.0) -> None:
        super().__init__()
        self.sigma = sigma

    def forward(self, x: Tensor, target: Tensor, inside: Tensor | None = None, outside: Tensor | None = None) -> Tensor:
        """The loss."""
        difference = x - target.reshape(x.shape)
        if inside is not None:
            difference = inside.reshape(x.shape) * difference
        terms = smooth_l1(difference, self.sigma)
        if outside is not None:
            terms = outside.reshape(x.shape) * terms
        return terms.sum() / x.shape[0]

    def extra_repr(self) -> str:
        """Sigma."""
        return f"sigma={self.sigma:g}"


class Accuracy(nn.Module):
    """The share of positions where fewer than top_k other classes score at least as high as the label.

    x: (outer..., c, inner...) with c along `dim`, labels: outer * inner numbers -> (), 0 if no position counts; with
    `per_class` also the share of each class, (c,). Ties count against the label; no gradient passes.
    Source: src/caffe/layers/accuracy_layer.cpp.

        >>> Accuracy()(torch.tensor([[0.1, 0.9]]), torch.tensor([1.0]))
        tensor(1.)
    """

    def __init__(self, dim: int = 1, top_k: int = 1, ignore_label: int | None = None, per_class: bool = False) -> None:
        super().__init__()
        self.dim, self.top_k, self.ignore_label, self.per_class = dim, top_k, ignore_label, per_class

    def forward(self, x: Tensor, labels: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The share, a scalar, and the share of each class, (classes,), where it is asked for."""
        scores = x.detach()
        classes = scores.shape[self.dim]
        shape = [*scores.shape[: self.dim], 1, *scores.shape[self.dim + 1 :]]
        label, valid = integer_labels(labels.reshape(shape), classes, self.ignore_label)
        better = (scores >= scores.gather(self.dim, label)).sum(self.dim, keepdim=True) - 1
        right = (better < self.top_k) & valid
        share = right.sum().to(scores.dtype) / valid.sum().clamp(min=1)
        return (share, self._class_shares(label, right, valid, classes, scores.dtype)) if self.per_class else share

    @staticmethod
    def _class_shares(label: Tensor, right: Tensor, valid: Tensor, classes: int, dtype: torch.dtype) -> Tensor:
        """The share of right positions of each class."""
        one_hot = F.one_hot(label.flatten(), classes).to(dtype)
        counted = one_hot.T @ valid.flatten().to(dtype)
        hits = one_hot.T @ right.flatten().to(dtype)
        return torch.where(counted > 0, hits / counted.clamp(min=1), 0)

    def extra_repr(self) -> str:
        """What counts."""
        return f"dim={self.dim}, top_k={self.top_k}, ignore_label={self.ignore_label}"


class PixelAccuracy(nn.Module):
    """The share of pixels whose label is among the top_k best classes; of equal scores the later class is the better.

    x: (n, c, h, w), labels: (n, 1, h, w) -> (1, 1, 1, 1), NaN if no pixel counts: those of `ignore_label` do not, with
    `use_label` only those of this label do. No gradient passes.
    Source: DeconvNet's src/caffe/layers/eltwise_accuracy_layer.cpp.

        >>> PixelAccuracy()(torch.tensor([0.1, 0.9]).reshape(1, 2, 1, 1), torch.ones(1, 1, 1, 1)).item()
        1.0
    """

    def __init__(self, top_k: int = 1, ignore_label: int | None = None, use_label: int | None = None) -> None:
        super().__init__()
        self.top_k, self.ignore_label, self.use_label = top_k, ignore_label, use_label

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """The share."""
        scores, label = x.detach(), labels.detach().long()
        counted = torch.ones_like(label, dtype=torch.bool)
        if self.ignore_label is not None:
            counted = counted & (label != self.ignore_label)
        if self.use_label is not None:
            counted = counted & (label == self.use_label)
        classes = torch.arange(x.shape[1], device=x.device).reshape(1, -1, 1, 1)
        own = scores.gather(1, label.clamp(0, x.shape[1] - 1))
        better = ((scores > own) | ((scores == own) & (classes > label))).sum(1, keepdim=True)
        known = (label >= 0) & (label < x.shape[1])
        right = ((better < self.top_k) & known & counted).sum().to(x.dtype)
        return (right / counted.sum()).reshape(1, 1, 1, 1)

    def extra_repr(self) -> str:
        """What counts."""
        return f"top_k={self.top_k}, ignore_label={self.ignore_label}, use_label={self.use_label}"


def smooth_l1(x: Tensor, sigma: float) -> Tensor:
    """(sigma x)² / 2 where |x| < 1 / sigma², else |x| - 1 / (2 sigma²) (arXiv:1504.08083, equation 3)."""
    knee = 1 / sigma**2
    size = x.abs()
    return torch.where(size < knee, 0.5 * sigma**2 * x.square(), size - 0.5 * knee)


class PixelSigmoidCrossEntropyLoss(nn.Module):
    """Sum of max(x, 0) - x t + log(1 + exp(-|x|)) / n h w, or, times weights (n, c), undivided.

    x: (n, c, h, w), t: as many values -> (). Without weights a value is ignored where t, cut to an integer, is
    ignore_label. Only x gets a gradient. Source: feiyunzhang/caffe's and Hexiang-Hu/caffe's
    src/caffe/layers/normalized_sigmoid_cross_entropy_loss_layer.cpp.

        >>> PixelSigmoidCrossEntropyLoss()(torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2))
        tensor(2.0794)
    """

    def __init__(self, ignore_label: int | None = None) -> None:
        super().__init__()
        self.ignore_label = ignore_label

    def forward(self, x: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
        """The loss."""
        target = target.detach().reshape(x.shape)
        terms = F.binary_cross_entropy_with_logits(x, target, reduction="none")
        if weights is not None:
            return (terms * weights.detach().reshape(*x.shape[:2], 1, 1)).sum()
        if self.ignore_label is not None:
            terms = terms * (target.trunc() != self.ignore_label)
        return terms.sum() / (x.shape[0] * x.shape[2] * x.shape[3])

    def extra_repr(self) -> str:
        """The label to ignore."""
        return f"ignore_label={self.ignore_label}"
