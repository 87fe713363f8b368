"""Maximum pooling over one, two or three axes with Caffe's output sizes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.pooling import pool_output_size


class CaffeMaxPoolNd(nn.Module):
    """Maximum over windows: x (n, c, 1 to 3 axes) -> (n, c, ...), sizes rounded up, windows see no padding.

    A last window that would start beyond the padding's end is dropped.
    Source: chuckcho/video-caffe (C3D, arXiv:1412.0767).

        >>> CaffeMaxPoolNd((2, 2, 2), (2, 2, 2), (0, 0, 0))(torch.zeros(1, 3, 5, 8, 8)).shape
        torch.Size([1, 3, 3, 4, 4])
    """

    def __init__(self, kernel_size: Sequence[int], stride: Sequence[int], padding: Sequence[int]) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = tuple(kernel_size), tuple(stride), tuple(padding)

    def forward(self, x: Tensor) -> Tensor:
        """The maxima."""
        clip = any(self.padding)
        around: list[int] = []
        for size, k, s, p in zip(x.shape[2:], self.kernel_size, self.stride, self.padding, strict=True):
            count = pool_output_size(size, k, s, p, True, clip)
            around = [p, (count - 1) * s + k - size - p, *around]
        least = max(torch.finfo(x.dtype).min, torch.finfo(torch.float32).min)  # -FLT_MAX of doubles too, as in Caffe
        pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[len(self.kernel_size) - 1]
        return pool(F.pad(x, around, value=least), self.kernel_size, self.stride)

    def extra_repr(self) -> str:
        """The window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class CaffeAvgPoolNd(nn.Module):
    """Means over windows: x (n, c, 1 to 3 axes) -> (n, c, ...), sizes rounded up.

    A window's sum is divided by its size before it is cut at the volume, but after it is cut at the padding's end; a
    last window that would start beyond the padding's end is dropped.
    Source: ZhaofanQiu/pseudo-3d-residual-networks, caffe_add_layers/src/pooling3d_layer.cpp.

        >>> CaffeAvgPoolNd((2,), (2,), (0,))(torch.tensor([[[1.0, 3, 5]]]))
        tensor([[[2., 5.]]])
    """

    def __init__(self, kernel_size: Sequence[int], stride: Sequence[int], padding: Sequence[int]) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = tuple(kernel_size), tuple(stride), tuple(padding)

    def forward(self, x: Tensor) -> Tensor:
        """The means."""
        clip = any(self.padding)
        inner: list[int] = []
        outer: list[int] = []
        for size, k, s, p in zip(x.shape[2:], self.kernel_size, self.stride, self.padding, strict=True):
            count = pool_output_size(size, k, s, p, True, clip)
            inner, outer = [p, p, *inner], [0, (count - 1) * s + k - size - 2 * p, *outer]
        pool = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[len(self.kernel_size) - 1]
        padded = F.pad(x, inner)
        inside = torch.ones_like(padded[:1, :1])
        sums = pool(F.pad(padded, outer), self.kernel_size, self.stride)
        return sums / pool(F.pad(inside, outer), self.kernel_size, self.stride)

    def extra_repr(self) -> str:
        """The window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
