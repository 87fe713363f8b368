"""Linear layers whose true class has to win by a margin of its angle: SphereFace's and L-Softmax's."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.gradients import with_gradient_of
from converter.modules.integers import check_range
from converter.modules.linear import unit_rows


class _MarginLinear(nn.Module):
    """x W^T, where the score of each item's label is the mean of x·w, `lambda` times, and of |x| |w| psi(angle), once.

    psi, at most cos(margin * angle), falls all the way from 1 to 1 - 2 * margin; margin is 1 (x·w alone) to 4.
    lambda = max(base * (1 + gamma * t)^-power, lambda_min), t = iteration + passes + 1.

    Attributes:
        passes: passes in training so far, (), int64: a buffer that copies keep and that no state dict holds.
    """

    passes: Tensor

    def __init__(
        self,
        in_features: int,
        out_features: int,
        margin: int = 1,
        base: float = 1.0,
        gamma: float = 0.0,
        power: float = 1.0,
        lambda_min: float = 0.0,
        iteration: int = 0,
        axis: int = 1,
        gives_lambda: bool = False,
    ) -> None:
        super().__init__()
        self.in_features, self.out_features, self.margin, self.axis = in_features, out_features, margin, axis
        self.base, self.gamma, self.power, self.lambda_min = base, gamma, power, lambda_min
        self.iteration, self.gives_lambda = iteration, gives_lambda
        self.weight = nn.Parameter(torch.zeros(out_features, in_features))
        self.register_buffer("passes", torch.zeros((), dtype=torch.int64, device="cpu"), persistent=False)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The scores (leading..., out_features), and lambda (1,) where it is asked for."""
        x = x.flatten(self.axis)
        weight, share = self._used_weight(), self._next_lambda(x.dtype)
        scores = F.linear(x, weight)
        if self.margin > 1:
            scores = self._with_margin(x.flatten(0, -2), weight, labels, scores, share)
        return (scores, share.reshape(1)) if self.gives_lambda else scores

    def _used_weight(self) -> Tensor:
        """The weight that scores are made with."""
        return self.weight

    def _next_lambda(self, dtype: torch.dtype) -> Tensor:
        """This pass's lambda, (); a pass in training is counted."""
        count = self.passes + 1
        if self.training:
            self.passes.copy_(count)
        steps = (self.iteration + count).to(torch.promote_types(dtype, torch.float32))
        return (self.base * (1 + self.gamma * steps) ** -self.power).clamp(min=self.lambda_min).to(dtype)

    def _with_margin(self, x: Tensor, weight: Tensor, labels: Tensor, scores: Tensor, share: Tensor) -> Tensor:
        """The scores with those of the labels replaced; x: (items, in_features)."""
        label = labels.detach().reshape(-1, 1).long()
        check_range("label", label, self.out_features)
        table = scores.reshape(-1, self.out_features)
        true = self._true_scores(x, weight[label[:, 0]], table.gather(1, label)[:, 0], share)
        return table.scatter(1, label, true[:, None].to(table.dtype)).reshape(scores.shape)

    def _true_scores(self, x: Tensor, own: Tensor, dot: Tensor, share: Tensor) -> Tensor:
        """The labels' scores (items,): of their weights `own` (items, in_features) and products `dot` (items,)."""
        raise NotImplementedError

    def _psi(self, cosine: Tensor) -> tuple[Tensor, Tensor]:
        """Psi of an angle and its derivative by the cosine, likewise shaped."""
        sign, square = cosine.detach().sign(), cosine * cosine
        if self.margin == 2:
            return 2 * sign * square - 1, 4 * sign * cosine
        if self.margin == 3:
            outer = (cosine.detach().abs() - 0.5).sign()
            return outer * (4 * square - 3) * cosine + sign * (1 + outer) - 2, outer * (12 * square - 3)
        outer = sign * (2 * square.detach() - 1).sign()
        value = outer * (8 * square * square - 8 * square + 1) + 2 * sign + outer - 3
        return value, outer * (32 * square - 16) * cosine

    def extra_repr(self) -> str:
        """The sizes, the margin and what makes lambda."""
        return (
            f"{self.in_features}, {self.out_features}, margin={self.margin}, base={self.base:g}, gamma={self.gamma:g}, "
            f"power={self.power:g}, lambda_min={self.lambda_min:g}, iteration={self.iteration}, axis={self.axis}"
        )


class AngularMarginLinear(_MarginLinear):
    """A-Softmax's scores: x W^T of unit rows, (|x| psi(m angle) + lambda x·w) / (1 + lambda) for each item's label.

    x: (leading..., in_features) from `axis` on, labels: one whole number a leading place, weight: (out_features,
    in_features) -> (leading..., out_features), with `gives_lambda` also lambda, (1,). psi is (-1)^k cos(m angle) - 2k,
    k the whole pi / m in the angle, m = margin, 1 to 4; lambda = max(base (1 + gamma t)^-power, lambda_min).

    A pass in training scales the rows of `weight` itself to length 1, as the source does, and counts in `passes`, so
    that t = iteration + passes; in evaluation neither changes, and lambda is the next training pass's. The gradients
    are the source's: of the weight that of x W^T without margin and norm; of x at the label, lambda / (1 + lambda) w
    + (a w + b x) / (1 + lambda), where a and b, those of the derivative of |x| psi, are divided by sqrt(a² + b²).
    A feature of length 0 has NaN at its label. Source: wy1iu/sphereface,
    tools/caffe-sphereface/src/caffe/layers/margin_inner_product_layer.cpp; arXiv:1704.08063, section 3.

        >>> layer = AngularMarginLinear(2, 2, margin=2, base=0.0)
        >>> _ = layer.weight.data.copy_(torch.tensor([[2.0, 0.0], [0.0, 5.0]]))
        >>> layer(torch.tensor([[3.0, 4.0]]), torch.tensor([0.0])).detach()  # 5 (2 · 0.6² - 1), 4
        tensor([[-1.4000,  4.0000]])
    """

    def _used_weight(self) -> Tensor:
        """Rows of length 1, whose gradient is the weight's."""
        return unit_rows(self.weight, self.training)

    def _true_scores(self, x: Tensor, own: Tensor, dot: Tensor, share: Tensor) -> Tensor:
        with torch.no_grad():
            length = torch.linalg.vector_norm(x, dim=1)
            cosine = dot / length
            psi, of_own = self._psi(cosine)
            of_x = (psi - cosine * of_own) / length
            size = (of_own.square() + of_x.square()).sqrt()
            wanted = (length * psi + share * dot) / (1 + share)
            slope = (of_own / size)[:, None] * own + (of_x / size)[:, None] * x
            beyond = (slope - own) / (1 + share)
        # Worth 0, but its gradient is what the source's has more than that of x·w.
        steeper = (beyond * (x - x.detach())).sum(1)
        true: Tensor = with_gradient_of(wanted, dot) + steeper
        return true


class LargeMarginLinear(_MarginLinear):
    """L-Softmax's scores: x W^T, (|x| |w| psi(m angle) + lambda x·w) / (1 + lambda) for each item's label.

    x: (leading..., in_features) from `axis` on, labels: one whole number a leading place, weight: (out_features,
    in_features) -> (leading..., out_features), with `gives_lambda` also lambda, (1,). psi is (-1)^k cos(m angle) - 2k,
    k the whole pi / m in the angle, m = margin, 1 to 4; lambda = max(base (1 + gamma t)^-power, lambda_min), where
    t = iteration + passes; a pass in training counts, and in evaluation lambda is the next training pass's.
    |x| |w| is 1e-9 more, as in the source's .cpp: a feature of length 0 has a score of about 0 and no NaN.
    Source: wy1iu/LargeMargin_Softmax_Loss, src/caffe/layers/largemargin_inner_product_layer.cpp; arXiv:1612.02295.

        >>> layer = LargeMarginLinear(2, 2, margin=2, base=0.0)
        >>> _ = layer.weight.data.copy_(torch.tensor([[2.0, 0.0], [0.0, 5.0]]))
        >>> layer(torch.tensor([[3.0, 4.0]]), torch.tensor([0.0])).detach()  # 10 (2 · 0.6² - 1), 20
        tensor([[-2.8000, 20.0000]])
    """

    def _true_scores(self, x: Tensor, own: Tensor, dot: Tensor, share: Tensor) -> Tensor:
        lengths: Tensor = torch.linalg.vector_norm(x, dim=1) * torch.linalg.vector_norm(own, dim=1) + 1e-9
        psi, _ = self._psi(dot / lengths)
        return (lengths * psi + share * dot) / (1 + share)
