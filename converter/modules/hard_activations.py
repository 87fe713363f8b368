"""Activations of straight pieces."""

from __future__ import annotations

from torch import Tensor, nn


class HardSigmoid(nn.Module):
    """alpha * x + beta, held within 0 and 1, on any shape; the gradient is 0 where it is held.

    Source: inisis/caffe, include/caffe/layers/hardsigmoid_layer.hpp.

        >>> HardSigmoid()(torch.tensor([-3.0, 0.0, 1.0]))
        tensor([0.0000, 0.5000, 0.7000])
    """

    def __init__(self, alpha: float = 0.2, beta: float = 0.5) -> None:
        super().__init__()
        self.alpha, self.beta = alpha, beta

    def forward(self, x: Tensor) -> Tensor:
        """The values, of x's shape."""
        return (x * self.alpha + self.beta).clamp(0, 1)

    def extra_repr(self) -> str:
        """Slope and offset."""
        return f"alpha={self.alpha:g}, beta={self.beta:g}"
