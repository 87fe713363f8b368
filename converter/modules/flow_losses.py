"""FlowNet's losses: end-point errors and their powers, places without truth left out."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class _KnownLoss(nn.Module):
    """A sum over what is known, / n or, `by_entries`, / the number of known values over c."""

    def __init__(self, by_entries: bool, prescale: bool) -> None:
        super().__init__()
        self.by_entries, self.prescale = by_entries, prescale

    def known(self, a: Tensor, b: Tensor | None) -> tuple[Tensor, Tensor | int]:
        """The difference (n, c, ...), 0 where it is NaN, and the divisor."""
        difference = a if b is None else a - b
        known = ~difference.isnan()
        count = known.sum().to(a.dtype) / a.shape[1] if self.by_entries else a.shape[0]
        return torch.where(known, difference, 0.0), count

    def over_channels(self, terms: Tensor) -> Tensor:
        """(n, c, ...) summed over c, or with `prescale` averaged."""
        return terms.mean(1) if self.prescale else terms.sum(1)


class FlowL1Loss(_KnownLoss):
    """Sum of |d|, or with `per_location` of sqrt(sum over channels of d² + epsilon), / n; d = a - b, or a alone -> ().

    a, b: (n, c, ...). Below `plateau`, |d| or the root of the sum, the difference counts as 0 and has no gradient; NaN
    likewise. Of d = 0 the gradient is -1, as in the source.
    Source: lmb-freiburg/flownet2, src/caffe/layers/l1loss_layer.cu.

        >>> FlowL1Loss(per_location=True, epsilon=0.0)(torch.tensor([[[[3.0]], [[4.0]]]])).item()
        5.0
    """

    def __init__(
        self,
        per_location: bool = False,
        epsilon: float = 0.01,
        plateau: float = 0.0,
        by_entries: bool = False,
        prescale: bool = False,
    ) -> None:
        super().__init__(by_entries, prescale)
        self.per_location, self.epsilon, self.plateau = per_location, epsilon, plateau

    def forward(self, a: Tensor, b: Tensor | None = None) -> Tensor:
        """The loss."""
        difference, divisor = self.known(a, b)
        if self.per_location:
            squares = self.over_channels(difference * difference)
            if self.plateau > 0:
                squares = torch.where(squares < self.plateau**2, 0.0, squares)
            return (squares + self.epsilon).sqrt().sum() / divisor
        if self.plateau > 0:
            difference = torch.where(difference.abs() < self.plateau, 0.0, difference)
        return torch.where(difference > 0, difference, -difference).sum() / divisor

    def extra_repr(self) -> str:
        """Everything."""
        return (
            f"per_location={self.per_location}, epsilon={self.epsilon:g}, plateau={self.plateau:g}, "
            f"by_entries={self.by_entries}, prescale={self.prescale}"
        )


class LpqLoss(_KnownLoss):
    """Sum of (sum over channels of (|d| + p_epsilon)^p + q_epsilon)^q, / n; d = a - b, or a alone -> ().

    a, b: (n, c, ...). NaN counts as 0 and has no gradient. Source: lmb-freiburg/flownet2, lpq_loss_layer.cu.

        >>> LpqLoss(2.0, 0.5, q_epsilon=0.0)(torch.tensor([[[[3.0]], [[4.0]]]])).item()
        5.0
    """

    def __init__(
        self,
        p: float,
        q: float,
        p_epsilon: float = 0.0,
        q_epsilon: float = 0.01,
        by_entries: bool = False,
        prescale: bool = False,
    ) -> None:
        super().__init__(by_entries, prescale)
        self.p, self.q, self.p_epsilon, self.q_epsilon = p, q, p_epsilon, q_epsilon

    def forward(self, a: Tensor, b: Tensor | None = None) -> Tensor:
        """The loss."""
        difference, divisor = self.known(a, b)
        sums = self.over_channels((difference.abs() + self.p_epsilon) ** self.p)
        return ((sums + self.q_epsilon) ** self.q).sum() / divisor

    def extra_repr(self) -> str:
        """Powers and shifts."""
        return f"{self.p:g}, {self.q:g}, p_epsilon={self.p_epsilon:g}, q_epsilon={self.q_epsilon:g}"
