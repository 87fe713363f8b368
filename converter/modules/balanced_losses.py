"""Cross entropy in which edges, or other rare labels, weigh as much as all the rest."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class SigmoidCrossEntropyBalanceLoss(nn.Module):
    """Cross entropy of sigmoids, each label weighted by the other's share of its item, / n; x, target (n, ...) -> ().

    Only targets of 0 and 1 count. The gradient, to x alone, is the original's: of other targets too, at weight 1.
    Source: kmaninis/OSVOS-caffe, caffe-osvos/src/caffe/layers/sigmoid_cross_entropy_balance_loss_layer.cpp.

        >>> loss = SigmoidCrossEntropyBalanceLoss()(torch.zeros(1, 4), torch.tensor([[1.0, 0, 0, 0]]))
        >>> round(loss.item() / torch.log(torch.tensor(2.0)).item(), 4)
        1.5
    """

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        x, target = x.flatten(1), target.detach().reshape(x.shape[0], -1)
        terms = F.binary_cross_entropy_with_logits(x, target, reduction="none")
        ones, zeros = (target == 1).to(x.dtype), (target == 0).to(x.dtype)
        counts = ones.sum(1, keepdim=True), zeros.sum(1, keepdim=True)
        weights = (ones * counts[1] + zeros * counts[0]) / (counts[0] + counts[1])
        rest = (torch.where(ones + zeros > 0, 0.0, terms)).sum()
        return ((terms * weights).sum() + (rest - rest.detach())) / x.shape[0]
