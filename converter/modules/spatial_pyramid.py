"""Spatial pyramid pooling: a plane of any size into bins of fixed number."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from converter.modules.max_pooling import CaffeMaxPool2d
from converter.modules.pooling import CaffeAvgPool2d


class SpatialPyramidPool2d(nn.Module):
    """Pools x (n, c, h, w) into 1, 4, 16, … bins, level by level: (n, c * (1 + 4 + …)); one level stays (n, c, 1, 1).

    Level l cuts the plane into 2^l x 2^l windows of ceil(size / 2^l), padded evenly at both ends.
    Source: src/caffe/layers/spp_layer.cpp; He et al. 2014, section 2.2.

        >>> SpatialPyramidPool2d(3)(torch.zeros(1, 2, 7, 9)).shape
        torch.Size([1, 42])
    """

    def __init__(self, levels: int, mode: str = "max") -> None:
        super().__init__()
        self.levels, self.mode = levels, mode

    def forward(self, x: Tensor) -> Tensor:
        """The bins of every level."""
        pooled = [self._level(x, 1 << level) for level in range(self.levels)]
        return pooled[0] if self.levels == 1 else torch.cat([bins.flatten(1) for bins in pooled], 1)

    def _level(self, x: Tensor, bins: int) -> Tensor:
        plane = (x.shape[2], x.shape[3])
        kernel = ((plane[0] + bins - 1) // bins, (plane[1] + bins - 1) // bins)
        padding = ((kernel[0] * bins - plane[0] + 1) // 2, (kernel[1] * bins - plane[1] + 1) // 2)
        own = CaffeMaxPool2d if self.mode == "max" else CaffeAvgPool2d
        return cast(Tensor, own(kernel, kernel, padding)(x))

    def extra_repr(self) -> str:
        """Levels and mode."""
        return f"levels={self.levels}, mode={self.mode!r}"
