"""Element-wise functions of one tensor that torch has no module for."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class Abs(nn.Module):
    """|x|, on any shape; the gradient at 0 is 0. Source: src/caffe/layers/absval_layer.cpp.

    >>> Abs()(torch.tensor([-1.0, 2.0]))
    tensor([1., 2.])
    """

    def forward(self, x: Tensor) -> Tensor:
        """The magnitudes, in the shape of x."""
        return torch.abs(x)


class Clip(nn.Module):
    """max(low, min(x, high)), on any shape; unlike nn.Hardtanh the gradient passes on the bounds too.

    Source: src/caffe/layers/clip_layer.cpp.

        >>> Clip(0.0, 1.0)(torch.tensor([-1.0, 0.5, 2.0]))
        tensor([0.0000, 0.5000, 1.0000])
    """

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low, self.high = low, high

    def forward(self, x: Tensor) -> Tensor:
        """The clipped values."""
        return x.clamp(self.low, self.high)

    def extra_repr(self) -> str:
        """The bounds."""
        return f"low={self.low:g}, high={self.high:g}"


class CReLU(nn.Module):
    """max(x, 0) and max(-x, 0) behind one another along `dim`, which doubles: (n, c, ...) -> (n, 2c, ...).

    Source: arXiv:1603.05201, equation 2; the forks' src/caffe/layers/crelu_layer.cpp (winggan/caffe).

        >>> CReLU()(torch.tensor([[-1.0, 2.0]]))
        tensor([[0., 2., 1., 0.]])
    """

    def __init__(self, dim: int = 1, negative_slope: float = 0.0) -> None:
        super().__init__()
        self.dim, self.negative_slope = dim, negative_slope

    def forward(self, x: Tensor) -> Tensor:
        """Both halves."""
        halves = [F.leaky_relu(x, self.negative_slope), F.leaky_relu(-x, self.negative_slope)]
        return torch.cat(halves, self.dim)

    def extra_repr(self) -> str:
        """Axis and slope."""
        return f"dim={self.dim}, negative_slope={self.negative_slope:g}"


class LeakyReLU6(nn.Module):
    """min(max(x, 0), 6), with negative_slope * x below 0; the gradient is 0 from 6 on.

    Source: src/caffe/layers/relu6_layer.cpp (eric612/MobileNet-YOLO).

        >>> LeakyReLU6(0.5)(torch.tensor([-2.0, 7.0]))
        tensor([-1.,  6.])
    """

    def __init__(self, negative_slope: float) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        """The values, of x's shape."""
        return F.leaky_relu(6 - F.relu(6 - x), self.negative_slope)

    def extra_repr(self) -> str:
        """The slope."""
        return f"negative_slope={self.negative_slope:g}"


class NegReLU(nn.Module):
    """x below 0, negative_slope * x from 0 on, on any shape. Source: lmb-freiburg/flownet2, neg_relu_layer.cpp.

    >>> NegReLU()(torch.tensor([-1.0, 2.0]))
    tensor([-1.,  0.])
    """

    def __init__(self, negative_slope: float = 0.0) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        """The values, of x's shape."""
        return torch.where(x < 0, x, x * self.negative_slope)

    def extra_repr(self) -> str:
        """The slope."""
        return f"negative_slope={self.negative_slope:g}"


class ScaledELU(nn.Module):
    """factor * x where x > 0, else factor * alpha * (exp(x) - 1), on any shape; nn.SELU has fixed numbers.

    Source: synopsys-caffe's src/caffe/layers/selu_layer.cpp (arXiv:1706.02515).

        >>> ScaledELU(2.0, 1.0)(torch.tensor([3.0, 0.0]))
        tensor([6., 0.])
    """

    def __init__(self, factor: float = 1.050700987, alpha: float = 1.67326324) -> None:
        super().__init__()
        self.factor, self.alpha = factor, alpha

    def forward(self, x: Tensor) -> Tensor:
        """The values, of x's shape."""
        return self.factor * F.elu(x, self.alpha)

    def extra_repr(self) -> str:
        """Both numbers."""
        return f"factor={self.factor:g}, alpha={self.alpha:g}"


class Power(nn.Module):
    """(shift + scale x) ^ power, on any shape; where scale or power is 0 a constant, without gradient.

    Source: src/caffe/layers/power_layer.cpp, whose gradient at a base of exactly 0 is no number for most powers; here
    it is the derivative.

        >>> Power(2.0, scale=3.0, shift=1.0)(torch.tensor([1.0]))
        tensor([16.])
    """

    def __init__(self, power: float = 1.0, scale: float = 1.0, shift: float = 0.0) -> None:
        super().__init__()
        self.power, self.scale, self.shift = power, scale, shift

    def forward(self, x: Tensor) -> Tensor:
        """The values, of x's shape."""
        if self.power * self.scale == 0:
            base = torch.full_like(x, self.shift)
            return base**self.power
        if self.scale != 1:
            x = x * self.scale
        if self.shift != 0:
            x = x + self.shift
        return x if self.power == 1 else x**self.power

    def extra_repr(self) -> str:
        """The three constants."""
        return f"power={self.power:g}, scale={self.scale:g}, shift={self.shift:g}"


class Exp(nn.Module):
    """base ^ (shift + scale x), on any shape; base None is e. Source: src/caffe/layers/exp_layer.cpp.

    >>> Exp(base=2.0)(torch.tensor([3.0]))
    tensor([8.])
    """

    def __init__(self, base: float | None = None, scale: float = 1.0, shift: float = 0.0) -> None:
        super().__init__()
        self.base, self.scale, self.shift = base, scale, shift
        log_base = 1.0 if base is None else math.log(base)
        self.inner, self.outer = log_base * scale, math.exp(log_base * shift)

    def forward(self, x: Tensor) -> Tensor:
        """The values, of x's shape."""
        return torch.exp(x * self.inner) * self.outer

    def extra_repr(self) -> str:
        """The factors inside and outside e^x."""
        return f"inner={self.inner:g}, outer={self.outer:g}"


class Log(nn.Module):
    """log(shift + scale x) / log(base), on any shape; base None is e. Source: src/caffe/layers/log_layer.cpp.

    >>> Log(base=2.0)(torch.tensor([8.0]))
    tensor([3.])
    """

    def __init__(self, base: float | None = None, scale: float = 1.0, shift: float = 0.0) -> None:
        super().__init__()
        self.base, self.scale, self.shift = base, scale, shift
        self.log_base = 1.0 if base is None else math.log(base)

    def forward(self, x: Tensor) -> Tensor:
        """The values, of x's shape."""
        return torch.log(x * self.scale + self.shift) / self.log_base

    def extra_repr(self) -> str:
        """The constants."""
        return f"log_base={self.log_base:g}, scale={self.scale:g}, shift={self.shift:g}"


class Swish(nn.Module):
    """x / (1 + exp(-beta x)), on any shape. Source: src/caffe/layers/swish_layer.cpp.

    >>> Swish()(torch.tensor([0.0]))
    tensor([0.])
    """

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        """The values, of x's shape."""
        return x * torch.sigmoid(x * self.beta)

    def extra_repr(self) -> str:
        """Beta."""
        return f"beta={self.beta:g}"


class Step(nn.Module):
    """1 where x > threshold, else 0, on any shape; no gradient passes. Source: src/caffe/layers/threshold_layer.cpp.

    >>> Step(0.5)(torch.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """

    def __init__(self, threshold: float = 0.0) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, x: Tensor) -> Tensor:
        """The values, of x's shape and type."""
        return (x.detach() > self.threshold).to(x.dtype)

    def extra_repr(self) -> str:
        """The threshold."""
        return f"threshold={self.threshold:g}"
