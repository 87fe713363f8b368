"""The focal loss of a softmax: examples that are classified well count less."""

from __future__ import annotations

import torch
from torch import Tensor

from converter.modules.losses import SoftmaxWithLoss


class FocalLoss(SoftmaxWithLoss):
    """-sum of alpha (1 - p)^gamma log p over the positions that count, divided by the normalizer.

    p is softmax(x)[label], held at FLT_MIN in the logarithm without touching the gradient; x: (outer..., c, inner...)
    with c along `dim`, labels: outer * inner numbers in x's order -> (), with `probabilities` also softmax(x). 1 - p is
    held at 1e-10. Source: zimenglan-sysu-512/Focal-Loss, focal_loss_layer.cpp; Lin et al., arXiv:1708.02002.

        >>> FocalLoss(alpha=1.0)(torch.zeros(1, 2), torch.zeros(1))
        tensor(0.1733)
    """

    def __init__(
        self,
        dim: int = 1,
        normalization: str = "valid",
        ignore_label: int | None = None,
        probabilities: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
    ) -> None:
        super().__init__(dim, normalization, ignore_label, probabilities)
        self.alpha, self.gamma = alpha, gamma

    def scaled(self, terms: Tensor, valid: Tensor, x: Tensor, labels: Tensor) -> Tensor:
        """The terms, less where the label is likely."""
        del x, labels
        missing = torch.where(valid, 1 - terms.exp(), 1.0).clamp(min=1e-10)
        return self.alpha * missing**self.gamma * terms

    def extra_repr(self) -> str:
        """The normalization, alpha and gamma."""
        return f"{super().extra_repr()}, alpha={self.alpha:g}, gamma={self.gamma:g}"
