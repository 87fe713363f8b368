"""Modules that enlarge planes: repeated values, bilinear resizing, unpooling."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.gradients import with_gradient_of
from converter.modules.integers import check_range

Pair = tuple[int, int]


class RepeatUpsample2d(nn.Module):
    """Each value of x (n, c, h, w) `scale` times along both axes.

    Source: src/caffe/layers/upsample_layer.cpp (eric612/MobileNet-YOLO).

        >>> RepeatUpsample2d((2, 3))(torch.zeros(1, 1, 4, 4)).shape
        torch.Size([1, 1, 8, 12])
    """

    def __init__(self, scale: Pair) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h * scale[0], w * scale[1])."""
        return x.repeat_interleave(self.scale[0], 2).repeat_interleave(self.scale[1], 3)

    def extra_repr(self) -> str:
        """The factors."""
        return f"scale={self.scale}"


class MaskUnpool2d(nn.Module):
    """Each value of x (n, c, h, w) at the position in a plane of zeros that `mask` (n, c, h, w) names, row by row.

    The plane is of `size`, or `scale` times x's less `cut`. Of values with one position one is kept.
    Source: src/caffe/layers/upsample_layer.cpp (alexgkendall/caffe-segnet).

        >>> MaskUnpool2d((2, 2))(torch.ones(1, 1, 1, 1), torch.full((1, 1, 1, 1), 3.0)).flatten()
        tensor([0., 0., 0., 1.])
    """

    def __init__(self, scale: Pair = (2, 2), cut: Pair = (0, 0), size: Pair | None = None) -> None:
        super().__init__()
        self.scale, self.cut, self.size = scale, cut, size

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(n, c, h', w')."""
        own = (x.shape[2] * self.scale[0] - self.cut[0], x.shape[3] * self.scale[1] - self.cut[1])
        return scatter_plane(x, mask, self.size or own)

    def extra_repr(self) -> str:
        """How large the plane is."""
        return f"scale={self.scale}, cut={self.cut}, size={self.size}"


def scatter_plane(x: Tensor, mask: Tensor, size: Pair) -> Tensor:
    """A plane of zeros of `size` with every x: (n, c, h, w) at the flat position that mask: (n, c, h, w) names.

    Raises:
        IndexError: a position outside the plane (looked for on the CPU only; a GPU would stop by itself).
    """
    place = mask.detach().long().flatten(2)
    check_range(f"a plane of {size[0]}x{size[1]}, a mask of another size: position", place, size[0] * size[1])
    plane = x.new_zeros(*x.shape[:2], size[0] * size[1])
    return plane.scatter(2, place, x.flatten(2)).reshape(*x.shape[:2], *size)


class Interp(nn.Module):
    """Bilinear resizing where corners meet corners, after cropping -begin and -end at both axes.

    The size is `size`, else (h - 1) // shrink + 1, of which zoom makes (s - 1) * zoom + 1; a second tensor gives its
    own instead. x: (n, c, h, w) -> (n, c, h', w').
    Source: DeepLab's and PSPNet's src/caffe/layers/interp_layer.cpp.

        >>> Interp(zoom=2)(torch.zeros(1, 1, 3, 3)).shape
        torch.Size([1, 1, 5, 5])
    """

    def __init__(self, size: Pair | None = None, shrink: int = 1, zoom: int = 1, begin: int = 0, end: int = 0) -> None:
        super().__init__()
        self.size, self.shrink, self.zoom, self.begin, self.end = size, shrink, zoom, begin, end

    def forward(self, x: Tensor, reference: Tensor | None = None) -> Tensor:
        """The resized planes."""
        if reference is not None:
            size = (reference.shape[2], reference.shape[3])
        else:
            size = self.size or (self._scale(x.shape[2]), self._scale(x.shape[3]))
        if self.begin or self.end:
            x = F.pad(x, (self.begin, self.end, self.begin, self.end))
        return F.interpolate(x, size, mode="bilinear", align_corners=True)

    def _scale(self, size: int) -> int:
        shrunk = (size + self.begin + self.end - 1) // self.shrink + 1
        return (shrunk - 1) * self.zoom + 1

    def extra_repr(self) -> str:
        """How the size is found."""
        return f"size={self.size}, shrink={self.shrink}, zoom={self.zoom}, begin={self.begin}, end={self.end}"


class Unpool2d(nn.Module):
    """x (n, c, h, w) spread over windows of a plane of `size`, at whose end they are cut.

    `mode` "max" puts each value where a second tensor (a pooling mask) says, or without one at the first place of its
    window; "mean" spreads it evenly over its window, "tile" writes it to all of it; where windows overlap the values
    add up. Tile's gradient is, as in the source, the window's mean.
    Source: DeconvNet's src/caffe/layers/unpooling_layer.cpp (HyeonwooNoh/caffe, arXiv:1505.04366).

        >>> Unpool2d("tile", (2, 2), (2, 2), (2, 2))(torch.ones(1, 1, 1, 1)).flatten()
        tensor([1., 1., 1., 1.])
    """

    def __init__(self, mode: str, kernel_size: Pair, stride: Pair, size: Pair) -> None:
        super().__init__()
        self.mode, self.kernel_size, self.stride, self.size = mode, kernel_size, stride, size

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(n, c, h', w')."""
        size = self.size
        if self.mode == "max":
            return scatter_plane(x, self._window_positions(x, size) if mask is None else mask, size)
        rows, columns = (self._extent(axis, x, size[axis]) for axis in (0, 1))
        mean = self._scatter(x / (rows[:, None] * columns), size)
        return mean if self.mode == "mean" else with_gradient_of(self._scatter(x, size), mean)

    def _window_positions(self, x: Tensor, size: Pair) -> Tensor:
        """The flat position of each window's first value."""
        rows = (torch.arange(x.shape[2], device=x.device) * self.stride[0]).clamp(max=size[0] - 1)
        columns = (torch.arange(x.shape[3], device=x.device) * self.stride[1]).clamp(max=size[1] - 1)
        return (rows[:, None] * size[1] + columns).expand(x.shape)

    def _extent(self, axis: int, x: Tensor, size: int) -> Tensor:
        """How much of each window along an axis lies within the plane, at least 1."""
        start = torch.arange(x.shape[2 + axis], device=x.device, dtype=x.dtype) * self.stride[axis]
        return ((start + self.kernel_size[axis]).clamp(max=size) - start).clamp(min=1)

    def _scatter(self, x: Tensor, size: Pair) -> Tensor:
        """Each value added to every place of its window, the plane cut or filled up to `size`."""
        c = x.shape[1]
        y = F.conv_transpose2d(x, x.new_ones(c, 1, *self.kernel_size), stride=self.stride, groups=c)
        return F.pad(y, (0, size[1] - y.shape[3], 0, size[0] - y.shape[2]))

    def extra_repr(self) -> str:
        """Mode and window."""
        return f"mode={self.mode!r}, kernel_size={self.kernel_size}, stride={self.stride}, size={self.size}"
