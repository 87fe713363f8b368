"""Losses on embeddings, of faces for one: distances to class centers, and between triplets."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from converter.modules.integers import check_range


class CenterLoss(nn.Module):
    """Sum of (x - center[label])² / 2n; x: (n, ...), labels: n whole numbers, weight: (classes, values) -> ().

    The gradient of a center is the sum of what its items lack to it over one more than their number, whatever the
    loss's own gradient: a loss weight changes how much items move, and never how much centers do.
    Source: ydwen/caffe-face, src/caffe/layers/center_loss_layer.cpp; Wen et al., A Discriminative Feature Learning
    Approach for Deep Face Recognition, ECCV 2016, equations 2 to 4.
    """

    def __init__(self, classes: int, features: int) -> None:
        super().__init__()
        self.classes, self.features = classes, features
        self.weight = nn.Parameter(torch.zeros(classes, features))

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """The loss."""
        label = labels.detach().reshape(-1).long()
        check_range("label", label, self.classes)
        loss: Tensor = _CenterDistance.apply(x.flatten(1), self.weight, label)  # type: ignore[no-untyped-call]
        return loss

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.classes}, {self.features}"


class _CenterDistance(torch.autograd.Function):
    """The loss of x (n, k), centers (classes, k), labels (n,), with caffe-face's gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, centers: Tensor, label: Tensor) -> Tensor:
        away = x - centers[label]
        ctx.save_for_backward(away, label)
        ctx.classes = len(centers)
        return away.square().sum() / len(x) / 2

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        away, label = ctx.saved_tensors
        count = away.new_zeros(ctx.classes).index_add(0, label, torch.ones_like(away[:, 0]))
        total = away.new_zeros(ctx.classes, away.shape[1]).index_add(0, label, away)
        return gradients[0] * away / len(away), -total / (count[:, None] + 1), None


class TripletLoss(nn.Module):
    """Sum of max(0, margin + |anchor - positive|² - |anchor - negative|²) / 2n; each (n, ...) -> ().

    Source: xuzhenqi/caffe, src/caffe/layers/triplet_loss_layer.cpp; Schroff et al., FaceNet, arXiv:1503.03832.

        >>> TripletLoss(1.0)(torch.zeros(1, 2), torch.ones(1, 2), torch.zeros(1, 2))
        tensor(1.5000)
    """

    def __init__(self, margin: float = 1.0) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """The loss."""
        near, far = ((anchor - other).flatten(1).square().sum(1) for other in (positive, negative))
        return (self.margin + near - far).clamp(min=0).sum() / (2 * anchor.shape[0])

    def extra_repr(self) -> str:
        """The margin."""
        return f"margin={self.margin:g}"
