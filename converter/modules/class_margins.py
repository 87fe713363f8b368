"""Margins on the score of each item's label, where scores are cosines: AM-Softmax's, ArcFace's, combined ones."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from converter.modules.losses import integer_labels


class _LabelScore(nn.Module):
    """x (n, ...), labels: n numbers -> x with another score at each item's label."""

    def replaced(self, x: Tensor, labels: Tensor) -> Tensor:
        """The scores, of x's shape."""
        scores = x.flatten(1)
        label, _ = integer_labels(labels.reshape(-1, 1), scores.shape[1], None)
        return scores.scatter(1, label, self.margin(scores.gather(1, label)).to(x.dtype)).reshape(x.shape)

    def margin(self, own: Tensor) -> Tensor:
        """The labels' scores (n, 1) with their margin."""
        raise NotImplementedError


class LabelMargin(_LabelScore):
    """x (n, ...) with a bias added to the score of each item's label (n numbers), where that is above -bias.

    Without `falls` it is `bias`, else base + (1 + gamma * t)^power - 1, at least `least` and at most `most`, t of the
    passes in training before this one from `iteration` on: `falls` holds base, gamma, power, least and most. A pass in
    training is counted. With `gives_bias` also the bias, (1,). The gradient passes unchanged.
    Source: zhanglaplace/Caffe-ZF and happynear/caffe-windows, src/caffe/layers/label_specific_add_layer.cpp.

        >>> LabelMargin(-0.5)(torch.tensor([[1.0, 2.0], [0.25, 1.0]]), torch.tensor([1.0, 0.0])).tolist()
        [[1.0, 1.5], [0.25, 1.0]]

    Attributes:
        passes: passes in training so far, (), int64: a buffer that copies keep and that no state dict holds.
    """

    passes: Tensor

    def __init__(
        self,
        bias: float,
        falls: tuple[float, float, float, float, float] | None = None,
        iteration: int = 0,
        gives_bias: bool = False,
    ) -> None:
        super().__init__()
        self.bias, self.falls, self.iteration, self.gives_bias = bias, falls, iteration, gives_bias
        self.register_buffer("passes", torch.zeros((), dtype=torch.int64, device="cpu"), persistent=False)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The scores, of x's shape, and the bias where it is asked for."""
        bias = self._next_bias(x)
        scores = x.flatten(1)
        label, _ = integer_labels(labels.reshape(-1, 1), scores.shape[1], None)
        own = scores.detach().gather(1, label)
        y = scores.scatter_add(1, label, torch.where(own > -bias, bias, 0.0).to(x.dtype)).reshape(x.shape)
        return (y, bias.reshape(1)) if self.gives_bias else y

    def _next_bias(self, like: Tensor) -> Tensor:
        """This pass's bias, ()."""
        if self.falls is None:
            return torch.full((), self.bias, device=like.device, dtype=like.dtype)
        base, gamma, power, least, most = self.falls
        steps = (self.passes + self.iteration).to(torch.promote_types(like.dtype, torch.float32))
        if self.training:
            self.passes.copy_(self.passes + 1)  # in one step a pass over shapes alone would count too
        return (base + (1 + gamma * steps) ** power - 1).clamp(min=least).clamp(max=most).to(like.dtype)

    def extra_repr(self) -> str:
        """The bias and how it falls."""
        return f"bias={self.bias:g}, falls={self.falls}, iteration={self.iteration}"


class ArcMargin(_LabelScore):
    """cos(angle + m) for the cosine of each item's label, x: (n, ...), labels: n numbers -> x's shape.

    Where the angle is pi - m or more, the cosine less m sin(m). A cosine of 1 or more counts as 1, with gradient 1.
    Source: xialuxi/arcface-caffe, cosin_add_m_layer.cpp; Deng et al., ArcFace, arXiv:1801.07698.

        >>> ArcMargin(math.pi / 2)(torch.tensor([[0.6, 0.2]]), torch.tensor([0.0]))
        tensor([[-0.8000,  0.2000]])
    """

    def __init__(self, m: float = 0.5) -> None:
        super().__init__()
        self.m = m

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """The scores."""
        return self.replaced(x, labels)

    def margin(self, own: Tensor) -> Tensor:
        """The labels' scores (n, 1)."""
        cosine = own.detach().clamp(max=1)
        sine = (1 - cosine.square()).clamp(min=0).sqrt()
        far = cosine <= math.cos(math.pi - self.m)
        value = torch.where(
            far, cosine - self.m * math.sin(self.m), cosine * math.cos(self.m) - sine * math.sin(self.m)
        )
        slope = torch.where(far | (sine == 0), 1.0, math.cos(self.m) + math.sin(self.m) * cosine / sine)
        return value + slope * (own - own.detach())

    def extra_repr(self) -> str:
        """The margin."""
        return f"m={self.m:g}"


class CombinedMargin(_LabelScore):
    """cos(m1 angle + m2) - m3 for the cosine of each item's label, x: (n, ...), labels: n numbers -> x's shape.

    The cosine is held 1e-4 within -1 to 1, m1 angle + m2 within 0 to pi - 1e-4. The gradient is m1 sin(m1 angle + m2) /
    sin(angle), held within 0 to 2, also where a bound holds the value. Source: gehaocool/CombinedMargin-caffe,
    combined_margin_layer.cu; its .cpp and xialuxi/arcface-caffe's have no bounds.

        >>> CombinedMargin(1.0, 0.0, 0.25)(torch.tensor([[0.75, 0.25]]), torch.tensor([0.0]))
        tensor([[0.5000, 0.2500]])
    """

    def __init__(self, m1: float = 4.0, m2: float = 0.5, m3: float = 0.35) -> None:
        super().__init__()
        self.m1, self.m2, self.m3 = m1, m2, m3

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """The scores."""
        return self.replaced(x, labels)

    def margin(self, own: Tensor) -> Tensor:
        """The labels' scores (n, 1)."""
        cosine = own.detach().clamp(1e-4 - 1, 1 - 1e-4)
        angle = (self.m1 * cosine.arccos() + self.m2).clamp(0.0, math.pi - 1e-4)
        slope = (self.m1 * angle.sin() / (1 - cosine.square()).sqrt()).clamp(0.0, 2.0)
        return angle.cos() - self.m3 + slope * (own - own.detach())

    def extra_repr(self) -> str:
        """The margins."""
        return f"m1={self.m1:g}, m2={self.m2:g}, m3={self.m3:g}"
