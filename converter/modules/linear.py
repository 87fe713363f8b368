"""Matrix products whose weight is stored the other way round, or whose rows are kept at length 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class TransposedLinear(nn.Module):
    """y = x W + b with weight (in_features, out_features): InnerProduct with `transpose: true`.

    x: (..., in_features) -> (..., out_features). Source: src/caffe/layers/inner_product_layer.cpp.

        >>> TransposedLinear(4, 2)(torch.zeros(3, 4)).shape
        torch.Size([3, 2])
    """

    bias: Tensor | None

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = nn.Parameter(torch.zeros(in_features, out_features))
        self.register_parameter("bias", nn.Parameter(torch.zeros(out_features)) if bias else None)

    def forward(self, x: Tensor) -> Tensor:
        """The product."""
        return F.linear(x, self.weight.t(), self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class UnitLinear(nn.Module):
    """y = x W^T + b with rows of W scaled to length 1, each by 1 / sqrt(sum of squares + 1e-12).

    x: (..., in_features) -> (..., out_features), weight: (out_features, in_features). A pass in training scales
    `weight` itself, as the source does; in evaluation it stays. Its gradient is that of the scaled rows, without their
    norm's. Source: happynear/caffe-windows, src/caffe/layers/inner_product_layer.cu (its .cpp adds 1e-6).

        >>> layer = UnitLinear(2, 1, bias=False)
        >>> _ = layer.weight.data.copy_(torch.tensor([[3.0, 4.0]]))
        >>> layer(torch.tensor([[1.0, 1.0]])).detach()
        tensor([[1.4000]])
    """

    bias: Tensor | None

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = nn.Parameter(torch.zeros(out_features, in_features))
        self.register_parameter("bias", nn.Parameter(torch.zeros(out_features)) if bias else None)

    def forward(self, x: Tensor) -> Tensor:
        """The product."""
        return F.linear(x, unit_rows(self.weight, self.training, 1e-12), self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def unit_rows(weight: Tensor, training: bool, eps: float = 0.0) -> Tensor:
    """Rows (n, k) over sqrt(sum of squares + eps), whose gradient is the weight's; `training` scales the weight too."""
    with torch.no_grad():
        unit: Tensor = weight / (weight.square().sum(1, keepdim=True) + eps).sqrt()
        if training:
            weight.copy_(unit)
    return unit + (weight - weight.detach())
