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


class FlattenConcat(nn.Module):
    """Maps (n, c, h, w) of any sizes as rows behind one another, (n, values, 1, 1), channels of a place side by side.

    What Permute (0, 2, 3, 1), Flatten and Concat do together; a map of SSD's offsets gives four numbers a box.
    Source: intel/caffe, src/caffe/layers/mkldnn_concat_layer.cpp (per_fla_fuse).

        >>> FlattenConcat()(torch.zeros(1, 8, 2, 2), torch.zeros(1, 4, 1, 1)).shape
        torch.Size([1, 36, 1, 1])
    """

    def forward(self, *inputs: Tensor) -> Tensor:
        """The rows."""
        return torch.cat([x.permute(0, 2, 3, 1).flatten(1) for x in inputs], 1)[:, :, None, None]


class Sum(nn.Module):
    """Sum of equally shaped tensors, each times its coefficient. Source: src/caffe/layers/eltwise_layer.cpp.

    >>> Sum((1.0, -1.0))(torch.ones(2), torch.ones(2))
    tensor([0., 0.])
    """

    def __init__(self, coefficients: Sequence[float] = (1.0, 1.0)) -> None:
        super().__init__()
        self.coefficients = tuple(coefficients)

    def forward(self, *inputs: Tensor) -> Tensor:
        """The sum, added up in the order of the inputs; all tensors have one shape."""
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
        """The product, in the order of the inputs; all tensors have one shape."""
        for x in others:
            first = first * x
        return first


class Maximum(nn.Module):
    """Maximum of equally shaped tensors.

    Of equal values it takes, and passes the whole gradient to, the second of the first two tensors; a later one must be
    strictly greater (torch.maximum shares the gradient instead). Source: src/caffe/layers/eltwise_layer.cpp.
    """

    def forward(self, first: Tensor, second: Tensor, *others: Tensor) -> Tensor:
        """The element-wise maxima; all tensors have one shape."""
        result = torch.where(first > second, first, second)
        for x in others:
            result = torch.where(x > result, x, result)
        return result


class Scale(nn.Module):
    """x times `weight`, plus `bias`, both matched to x's axes from `dim` on.

    weight, bias: `shape`, which lies over x's axes dim, dim + 1, …; () is one number for all.
    Source: src/caffe/layers/scale_layer.cpp.

        >>> Scale((3,))(torch.ones(1, 3, 2, 2)).shape
        torch.Size([1, 3, 2, 2])
    """

    bias: Tensor | None

    def __init__(self, shape: Sequence[int], dim: int = 1, bias: bool = False) -> None:
        super().__init__()
        self.shape, self.dim = tuple(shape), dim
        self.weight = nn.Parameter(torch.ones(self.shape))
        self.register_parameter("bias", nn.Parameter(torch.zeros(self.shape)) if bias else None)

    def forward(self, x: Tensor) -> Tensor:
        """The product, of x's shape."""
        y = x * align(self.weight, self.dim, x.ndim)
        return y if self.bias is None else y + align(self.bias, self.dim, x.ndim)

    def extra_repr(self) -> str:
        """Shape, axis, and whether there is a bias."""
        return f"{tuple(self.weight.shape)}, dim={self.dim}, bias={self.bias is not None}"


class ScaleByInput(nn.Module):
    """x times a second tensor, which is matched to x's axes from `dim` on; with `shape` a learned offset is added.

    The offset is blob 0 of the layer, and so bears the name of a first blob, `weight`.
    Source: src/caffe/layers/scale_layer.cpp, two bottoms.

        >>> ScaleByInput()(torch.ones(1, 3, 2, 2), torch.ones(3)).shape
        torch.Size([1, 3, 2, 2])
    """

    weight: Tensor | None

    def __init__(self, dim: int = 1, shape: Sequence[int] | None = None) -> None:
        super().__init__()
        self.dim, self.shape = dim, shape
        self.register_parameter("weight", None if shape is None else nn.Parameter(torch.zeros(tuple(shape))))

    def forward(self, x: Tensor, factor: Tensor) -> Tensor:
        """The product, of x's shape."""
        y = x * align(factor, self.dim, x.ndim)
        return y if self.weight is None else y + align(self.weight, self.dim, x.ndim)

    def extra_repr(self) -> str:
        """The axis."""
        return f"dim={self.dim}"


class Bias(nn.Module):
    """x plus `bias`, matched to x's axes from `dim` on; a second tensor stands for the bias.

    Source: src/caffe/layers/bias_layer.cpp.

        >>> Bias((3,))(torch.ones(1, 3, 2, 2)).shape
        torch.Size([1, 3, 2, 2])
    """

    bias: Tensor | None

    def __init__(self, shape: Sequence[int] | None, dim: int = 1) -> None:
        super().__init__()
        self.shape, self.dim = shape, dim
        self.register_parameter("bias", None if shape is None else nn.Parameter(torch.zeros(tuple(shape))))

    def forward(self, x: Tensor, offset: Tensor | None = None) -> Tensor:
        """The sum, of x's shape."""
        bias = self.bias if offset is None else offset
        return x if bias is None else x + align(bias, self.dim, x.ndim)

    def extra_repr(self) -> str:
        """The axis."""
        return f"dim={self.dim}"


def align(values: Tensor, dim: int, ndim: int) -> Tensor:
    """`values` (d1, …, dk) as (d1, …, dk, 1, …): broadcasts with a tensor of `ndim` axes from axis `dim` on."""
    return values.reshape(*values.shape, *[1] * (ndim - dim - values.ndim))


class Axpy(nn.Module):
    """a x + y; a: (n, c) or (n, c, 1, 1), x and y: (n, c, h, w).

    Source: SENet's src/caffe/layers/axpy_layer.cpp (hujie-frank/SENet, arXiv:1709.01507).
    """

    def forward(self, a: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """The sum, of x's shape."""
        return a.reshape(*x.shape[:2], *[1] * (x.ndim - 2)) * x + y


class Reduction(nn.Module):
    """`coefficient` times the sum, mean, sum of magnitudes or sum of squares over the axes from `dim` to the last.

    x: (leading..., reduced...) -> (leading...); the gradient of a magnitude at 0 is 0.
    Source: src/caffe/layers/reduction_layer.cpp.

        >>> Reduction("mean", 1)(torch.ones(2, 3))
        tensor([1., 1.])
    """

    def __init__(self, operation: str, dim: int = 0, coefficient: float = 1.0) -> None:
        super().__init__()
        self.operation, self.dim, self.coefficient = operation, dim, coefficient

    def forward(self, x: Tensor) -> Tensor:
        """x: any shape -> the axes before `dim`."""
        x = x.flatten(self.dim)
        if self.operation == "mean":
            return x.mean(-1) * self.coefficient
        if self.operation == "asum":
            x = x.abs()
        elif self.operation == "sumsq":
            x = x * x
        return x.sum(-1) * self.coefficient

    def extra_repr(self) -> str:
        """What, along which axes, times what."""
        return f"operation={self.operation!r}, dim={self.dim}, coefficient={self.coefficient:g}"
