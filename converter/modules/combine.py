"""Several tensors into one: sums, products, maxima, concatenation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Concat(nn.Module):
    """Tensors behind one another along `dim`; all other sizes agree. Source: src/caffe/layers/concat_layer.cpp.

    >>> Concat(1)(torch.zeros(1, 2, 3), torch.zeros(1, 4, 3)).shape
    torch.Size([1, 6, 3])
    """

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *inputs: Tensor) -> Tensor:
        """The concatenation."""
        return torch.cat(inputs, self.dim)

    def extra_repr(self) -> str:
        """The axis."""
        return f"dim={self.dim}"


class Sum(nn.Module):
    """Sum of equally shaped tensors, each times its coefficient. Source: src/caffe/layers/eltwise_layer.cpp.

    >>> Sum((1.0, -1.0))(torch.ones(2), torch.ones(2))
    tensor([0., 0.])
    """

    def __init__(self, coefficients: Sequence[float] = (1.0, 1.0)) -> None:
        super().__init__()
        self.coefficients = tuple(coefficients)

    def forward(self, *inputs: Tensor) -> Tensor:
        """The sum, added up in the order of the inputs."""
        first = self.coefficients[0]
        result = inputs[0] if first == 1 else inputs[0] * first
        for x, coefficient in zip(inputs[1:], self.coefficients[1:], strict=True):
            result = result + x if coefficient == 1 else torch.add(result, x, alpha=coefficient)
        return result

    def extra_repr(self) -> str:
        """The coefficients, where they are not all 1."""
        return "" if set(self.coefficients) == {1.0} else f"coefficients={self.coefficients}"


class Product(nn.Module):
    """Product of equally shaped tensors. Source: src/caffe/layers/eltwise_layer.cpp."""

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        """The product, in the order of the inputs."""
        for x in others:
            first = first * x
        return first


class Maximum(nn.Module):
    """Maximum of equally shaped tensors.

    Of equal values it takes, and passes the whole gradient to, the second of the first two tensors; a later one must be
    strictly greater (torch.maximum shares the gradient instead). Source: src/caffe/layers/eltwise_layer.cpp.
    """

    def forward(self, first: Tensor, second: Tensor, *others: Tensor) -> Tensor:
        """The maxima."""
        result = torch.where(first > second, first, second)
        for x in others:
            result = torch.where(x > result, x, result)
        return result
