"""Ristretto's fake quantization: convolutions and matrix products on numbers cut to few bits.

Source: pmgysel/caffe, src/caffe/ristretto/layers/base_ristretto_layer.cpp (its CPU code; on a GPU it rounds halves to
even, and cuts inputs and outputs to fixed point beside weights of powers of two too).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.gradients import with_gradient_of

Cut = tuple[str, int, int]
"""The name of one of the functions below, and its two numbers."""


def fixed_point(x: Tensor, bits: int, fraction: int, stochastic: bool = False) -> Tensor:
    """Whole multiples of 2**-fraction that `bits` hold in two's complement, saturated; x: any shape.

    >>> fixed_point(torch.tensor([0.3, -0.25, 9.0]), 4, 1)
    tensor([ 0.5000, -0.5000,  3.5000])
    """
    step, most = 2.0**-fraction, 2.0 ** (bits - 1)
    return _round(x.clamp(-most * step, (most - 1) * step) / step, stochastic) * step


def mini_float(x: Tensor, mantissa: int, exponent: int, stochastic: bool = False, even: bool = False) -> Tensor:
    """Floats of so many bits of mantissa and exponent, without denormal numbers and infinities; x: any shape.

    Halves are rounded away from zero, with `even` to the even neighbor, as the original does on a GPU. Each value is
    cut by itself; the original's CPU code stops at the first 0, which its GPU code does not.

        >>> mini_float(torch.tensor([1.3, -0.1, 1000.0]), 2, 3)
        tensor([ 1.2500,  0.0000, 28.0000])
    """
    bias, steps = 2 ** (exponent - 1) - 1, 2.0**mantissa
    size = x.float().abs()
    fraction, power = torch.frexp(size)
    power = power - 1
    most = 2**exponent - 1 - bias
    exact = (2 * fraction.double() - 1) * steps
    rounded = torch.where(power > most, steps - 1, exact.round() if even else _round(exact, stochastic))
    value = torch.ldexp(1 + rounded / steps, power.clamp(-bias, most)).to(x.dtype)
    return torch.where((size >= 2.0**-126) & (power >= -bias), x.sign() * value, 0.0)


def power_of_two(x: Tensor, low: int, high: int, stochastic: bool = False) -> Tensor:
    """Powers of two with whole exponents from `low` to `high`, with signs; 0 becomes the smallest; x: any shape.

    >>> power_of_two(torch.tensor([0.3, -5.0, 0.0]), -3, 0)
    tensor([ 0.2500, -1.0000,  0.1250])
    """
    power = _round(x.float().abs().log2(), stochastic).clamp(low, high).to(x.dtype)
    return torch.where(x >= 0, power.exp2(), -power.exp2())


_CUTS: dict[str, Callable[[Tensor, int, int, bool], Tensor]] = {
    "fixed_point": fixed_point,
    "mini_float": mini_float,
    "power_of_two": power_of_two,
}


class FakeQuantized(nn.Module):
    """A layer whose input, weight, bias and output are cut, each as its `Cut` says, None: not at all.

    Gradients pass as if nothing had been cut, but meet the cut weights and inputs.

    Args:
        stochastic: round at random, up by the chance of what is lost.
        training_phase: only weight and bias are cut, always at random.
    """

    def __init__(
        self,
        *args: Any,
        weights: Cut,
        biases: Cut | None = None,
        inputs: Cut | None = None,
        outputs: Cut | None = None,
        stochastic: bool = False,
        training_phase: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.weights, self.biases, self.inputs, self.outputs = weights, biases, inputs, outputs
        self.stochastic, self.training_phase = stochastic, training_phase

    def forward(self, x: Tensor) -> Tensor:
        """The output."""
        at_random = self.stochastic or self.training_phase
        own = dict(self.named_parameters(recurse=False))
        weight = _through(self.weights, own["weight"], at_random)
        bias = _through(self.biases, own["bias"], at_random) if "bias" in own else None
        if self.training_phase:
            return self.product(x, weight, bias)
        y = self.product(_through(self.inputs, x, self.stochastic), weight, bias)
        return _through(self.outputs, y, self.stochastic)

    def product(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The layer's own product."""
        raise NotImplementedError

    def extra_repr(self) -> str:
        """The layer's own, and the cuts."""
        cuts = ", ".join(f"{name}={getattr(self, name)}" for name in ("weights", "biases", "inputs", "outputs"))
        return f"{super().extra_repr()}, {cuts}"


class FakeQuantizedConv2d(FakeQuantized, nn.Conv2d):
    """nn.Conv2d on cut numbers."""

    def product(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The convolution."""
        y: Tensor = self._conv_forward(x, weight, bias)
        return y


class FakeQuantizedLinear(FakeQuantized, nn.Linear):
    """nn.Linear on cut numbers."""

    def product(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The matrix product."""
        return F.linear(x, weight, bias)


class FakeQuantizedResponseNorm(nn.Module):
    """Local response normalization across channels, every step of it in small floats; x: (n, c, h, w), c >= size // 2.

    The squares' sum over the window is carried from channel to channel, the next square added and the last one taken
    away, and cut each time; so are alpha / size times it, that plus k, its power -beta, and the product with x. The
    gradient is LRN's with the cut sums and outputs. Source: pmgysel/caffe,
    src/caffe/ristretto/layers/lrn_ristretto_layer.cu, which has no CPU code and always rounds to the nearest.
    """

    def __init__(self, size: int, alpha: float, beta: float, k: float, mantissa: int, exponent: int) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k
        self.mantissa, self.exponent = mantissa, exponent

    def forward(self, x: Tensor) -> Tensor:
        """The output."""
        scale = self._scale(x.detach())
        powers, half = scale**-self.beta, self.size // 2
        y = self._cut(self._cut(x.detach()) * self._cut(powers))
        near = F.pad(x.square(), (0, 0, 0, 0, half, half)).unfold(1, self.size, 1).sum(-1)
        slope = x * powers - (self.alpha * self.beta / self.size) * (y / scale) * near
        return y + (slope - slope.detach())

    def _scale(self, x: Tensor) -> Tensor:
        """The constant k + alpha / size times the windows' sums of squares."""
        cut = self._cut(x)
        squares = self._cut(cut * cut).unbind(1)
        total, scales, half = torch.zeros_like(squares[0]), [], self.size // 2
        for head in range(len(squares) + half):
            if head < len(squares):
                total = self._cut(total + squares[head])
            if head >= self.size:
                total = self._cut(total - squares[head - self.size])
            if head >= half:
                scales.append(self._cut(self.k + self._cut(total * (self.alpha / self.size))))
        return torch.stack(scales, 1)

    def _cut(self, x: Tensor) -> Tensor:
        return mini_float(x, self.mantissa, self.exponent, even=True)

    def extra_repr(self) -> str:
        """The window, the constants and the numbers of bits."""
        constants = f"alpha={self.alpha:g}, beta={self.beta:g}, k={self.k:g}"
        return f"{self.size}, {constants}, mantissa={self.mantissa}, exponent={self.exponent}"


def _round(x: Tensor, stochastic: bool) -> Tensor:
    """To whole numbers: the nearest, halves away from zero, or the one below or above by chance."""
    if stochastic:
        return (x + torch.rand_like(x)).floor()
    return x.sign() * (x.abs() + 0.5).floor()


def _through(cut: Cut | None, x: Tensor, stochastic: bool) -> Tensor:
    """The cut numbers, through which gradients pass unchanged."""
    if cut is None:
        return x
    name, first, second = cut
    return with_gradient_of(_CUTS[name](x.detach(), first, second, stochastic), x)
