"""The loss of deep multi-similarity hashing: codes of similar items near each other, of others apart."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_LEAST_SIMILAR = 0.1
"""Of a smaller share of similar pairs, dissimilar ones are drawn."""


class HashingLoss(nn.Module):
    """Mean over pairs, and a term that draws values to -1 and 1; codes (n, c, 1, 1), labels (n, l, 1, 1) -> ().

    A pair whose labels' product is at least 1 costs max(d² - 4 c margin e^-product, 0), another max(2 c - d², 0), d²
    the squared distance. Where less than a tenth r of the pairs have a product of `nsim` or more, another pair counts
    by the chance (10 r - r) / (1 - r). The term is tradeoff · sum of ||x| - 1| / n. No counted pair gives NaN, as in
    the original. The gradient is the original's: of pairs half of the derivative, over n (n - 1) in place of their
    number.
    Source: leetonfreestyle/DMSH, src/caffe/layers/hashing_loss_layer.cpp.
    """

    def __init__(self, margin: float = 1.0, tradeoff: float = 0.01, nsim: int = 1) -> None:
        super().__init__()
        self.margin, self.tradeoff, self.nsim = margin, tradeoff, nsim

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """The loss."""
        x, tags = codes.flatten(1), labels.detach().flatten(1)
        n, size = x.shape
        first, second = torch.triu_indices(n, n, 1, device=x.device)
        products = (tags[first] * tags[second]).sum(1)
        square = (x[first] - x[second]).square().sum(1)
        alike = products >= 1
        costs = torch.where(alike, square - 4 * size * self.margin * (-products).exp(), 2 * size - square)
        counted = self._counted(products, alike)
        pulled = counted & (torch.where(alike, costs >= 0, costs > 0))
        outer = self.tradeoff * (x.detach().abs() - 1).abs().sum() / n
        loss = (costs.detach().clamp(min=0) * counted).sum() / counted.sum() + outer
        near_one = (x >= 1) | ((x <= 0) & (x >= -1))
        slope = torch.where(near_one, x, -x).sum() * (self.tradeoff / n)
        slope = slope + (torch.where(alike, square, -square) * pulled).sum() / (2 * n * max(n - 1, 1))
        return loss + (slope - slope.detach())

    def _counted(self, products: Tensor, alike: Tensor) -> Tensor:
        """Which pairs count."""
        share = (products >= self.nsim).to(products.dtype).mean()
        chance = torch.where(share < _LEAST_SIMILAR, (share / _LEAST_SIMILAR - share) / (1 - share), 1.0)
        return alike | (torch.rand_like(products) <= chance)

    def extra_repr(self) -> str:
        """The margin and the term's weight."""
        return f"margin={self.margin:g}, tradeoff={self.tradeoff:g}, nsim={self.nsim}"
