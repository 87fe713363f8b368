"""A matrix product whose weight is stored the other way round."""

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
