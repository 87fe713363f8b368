"""Features divided by their norm at each position, which may be told too."""

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
