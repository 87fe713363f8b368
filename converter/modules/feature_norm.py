"""Features divided by their norm at each position, which may be told too, and multiplied by such numbers."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class FeatureNorm(nn.Module):
    """x over each position's norm across channels: sqrt(sum of x² + 1e-12), or of kind "L1" sum of |x| + 1e-6.

    x: (n, c, h, w), missing axes of length 1 -> (n, c, h, w), with `gives_norm` also the norms (n, 1, h, w), which pass
    a gradient with `norm_gradient`; `fix_gradient` multiplies that of the first by the norm.
    Source: happynear/caffe-windows, src/caffe/layers/normalize_layer.cu (its .cpp adds 1e-6 to the squares too);
    Wang et al., NormFace, arXiv:1704.06369.

        >>> FeatureNorm()(torch.tensor([[3.0, 4.0]])).flatten()
        tensor([0.6000, 0.8000])
    """

    def __init__(
        self, kind: str = "L2", fix_gradient: bool = False, norm_gradient: bool = False, gives_norm: bool = False
    ) -> None:
        super().__init__()
        self.kind, self.fix_gradient = kind, fix_gradient
        self.norm_gradient, self.gives_norm = norm_gradient, gives_norm

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The features, and the norms where they are asked for."""
        x = x[(..., *[None] * (4 - x.ndim))]
        norm = self._norm(x)
        if self.fix_gradient:
            steep = x.detach() + norm.detach() * (x - x.detach())  # worth x, with a gradient of norm times its own
            y = steep / self._norm(steep)
        else:
            y = x / norm
        return (y, norm if self.norm_gradient else norm.detach()) if self.gives_norm else y

    def _norm(self, x: Tensor) -> Tensor:
        """(n, 1, h, w)."""
        if self.kind == "L1":
            return x.abs().sum(1, keepdim=True) + 1e-6
        return torch.sqrt(x.square().sum(1, keepdim=True) + 1e-12)

    def extra_repr(self) -> str:
        """The kind and the flags."""
        return f"{self.kind}, fix_gradient={self.fix_gradient}, norm_gradient={self.norm_gradient}"


class ChannelScale(nn.Module):
    """x (n, c, ...) times a factor for each position, n * ... numbers; with `forward_scale` False x itself.

    Gradients, whatever the value: x's is the top's times the factor, or without `feature_gradient` the top's; the
    factor's is the top's times x summed over channels, or without `scale_gradient` none.
    Source: happynear/caffe-windows, src/caffe/layers/channel_scale_layer.cpp.

        >>> ChannelScale()(torch.tensor([[1.0, 2.0]]), torch.tensor([3.0])).tolist()
        [[3.0, 6.0]]
    """

    def __init__(self, forward_scale: bool = True, feature_gradient: bool = True, scale_gradient: bool = True) -> None:
        super().__init__()
        self.forward_scale, self.feature_gradient = forward_scale, feature_gradient
        self.scale_gradient = scale_gradient

    def forward(self, x: Tensor, scale: Tensor) -> Tensor:
        """The product, of x's shape."""
        scale = scale.reshape(x.shape[0], 1, *x.shape[2:])
        if self.forward_scale and self.feature_gradient and self.scale_gradient:
            return x * scale
        of_x = x * scale.detach() if self.feature_gradient else x
        of_scale = x.detach() * scale if self.scale_gradient else x.detach()
        value = (x * scale if self.forward_scale else x).detach()
        return value + (of_x - of_x.detach()) + (of_scale - of_scale.detach())

    def extra_repr(self) -> str:
        """What is scaled."""
        return (
            f"forward_scale={self.forward_scale}, feature_gradient={self.feature_gradient}, "
            f"scale_gradient={self.scale_gradient}"
        )
