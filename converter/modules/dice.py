"""Dice losses of segmentation nets."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from converter.modules.gradients import with_gradient_of


class DiceCoefLoss(nn.Module):
    """1 - mean of (2 a·b + smooth) / (a·a + b·b + smooth) over items; a, b (n, ...) -> ().

    The gradient, to both, is the original's: that of the sum over items, not of the mean.
    Source: HolmesShuan/A-Variation-of-Dice-coefficient-Loss-Caffe-Layer, dice_coef_loss_layer.cpp.

        >>> DiceCoefLoss()(torch.ones(1, 2), torch.ones(1, 2))
        tensor(0.)
    """

    def __init__(self, smooth: float = 1.0) -> None:
        super().__init__()
        self.smooth = smooth

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """The loss."""
        a, b = a.flatten(1), b.flatten(1)
        common = 2 * (a * b).sum(1) + self.smooth
        shares = common / (a.square().sum(1) + b.square().sum(1) + self.smooth)
        slope = -shares.sum()
        return with_gradient_of(1 - shares.mean(), slope)

    def extra_repr(self) -> str:
        """What smooths."""
        return f"smooth={self.smooth:g}"


class SigmoidDiceLoss(nn.Module):
    """1 - (2 t·s + eps) / (sum t + sum s + eps), s the sigmoids of x, over all values; x, t (n, ...) -> ().

    Source: 198808xc/OrganSegC2F, DiceLossLayer/dice_loss_layer.cpp (arXiv:1612.08230).

        >>> SigmoidDiceLoss()(torch.tensor([[0.0]]), torch.tensor([[0.5]])).item() == 0.5
        True
    """

    eps = 1e-6

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        s, t = torch.sigmoid(x).flatten(), target.flatten()
        return 1 - (2 * (t * s).sum() + self.eps) / ((t + s).sum() + self.eps)
