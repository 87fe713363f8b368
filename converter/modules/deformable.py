"""Convolution at places that offsets move."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class DeformableConv2d(nn.Module):
    """x (n, c, h, w), offset (n, 2 groups taps, h', w') -> (n, outputs, h', w').

    Each tap reads bilinearly where its offset (rows, then columns) moves it; 0 outside of [0, h) and [0, w), the last
    pixel beyond the last. Source: unsky/Deformable-ConvNets-caffe, deformable_conv_cxx/deformable_im2col.cu.

        >>> module = DeformableConv2d(1, 1, (1, 1), bias=False)
        >>> _ = nn.init.ones_(module.weight)
        >>> module(torch.tensor([[[[1.0, 3.0]]]]), torch.tensor([[[[0.0, 0.0]], [[0.5, 0.5]]]])).tolist()
        [[[[2.0, 3.0]]]]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sequence[int],
        stride: Sequence[int] = (1, 1),
        padding: Sequence[int] = (0, 0),
        dilation: Sequence[int] = (1, 1),
        groups: int = 1,
        offset_groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride = tuple(kernel_size), tuple(stride)
        self.padding, self.dilation = tuple(padding), tuple(dilation)
        self.groups, self.offset_groups = groups, offset_groups
        self.weight = nn.Parameter(torch.zeros(out_channels, in_channels // groups, *self.kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

    def forward(self, x: Tensor, offset: Tensor) -> Tensor:
        """The sums over taps."""
        n, c, (taps, (rows, columns)) = x.shape[0], x.shape[1], (self._taps(), offset.shape[2:])
        moves = offset.view(n, self.offset_groups, taps, 2, rows, columns)
        places = [self._starts(axis, moves.shape[4 + axis], moves) + moves[:, :, :, axis] for axis in range(2)]
        read = self._read(x.view(n, self.offset_groups, -1, x.shape[2], x.shape[3]), places[0], places[1])
        read = read.reshape(n, self.groups, c // self.groups * taps, rows * columns)
        weight = self.weight.view(self.groups, -1, read.shape[2])
        top = (weight @ read).view(n, -1, rows, columns)
        return top if self.bias is None else top + self.bias.view(-1, 1, 1)

    def _taps(self) -> int:
        return self.kernel_size[0] * self.kernel_size[1]

    def _starts(self, axis: int, count: int, like: Tensor) -> Tensor:
        """Where each tap stands along an axis before it is moved: (taps, h', 1) or (taps, 1, w')."""
        first = torch.arange(count, device=like.device) * self.stride[axis] - self.padding[axis]
        steps = torch.arange(self.kernel_size[axis], device=like.device) * self.dilation[axis]
        other = self.kernel_size[1 - axis]
        steps = steps.repeat(other) if axis else steps.repeat_interleave(other)
        starts = (steps[:, None] + first).to(like.dtype)
        return starts[:, None, :] if axis else starts[:, :, None]

    def _read(self, x: Tensor, y: Tensor, at: Tensor) -> Tensor:
        """X (n, g, c / g, h, w) at rows y and columns `at` (n, g, taps, h', w'): (n, g, c / g, taps, h', w')."""
        height, width = x.shape[3:]
        inside = (y >= 0) & (y < height) & (at >= 0) & (at < width)
        y, at = y.clamp(0, height - 1), at.clamp(0, width - 1)
        top, left = y.detach().floor(), at.detach().floor()
        down, right = (y - top)[:, :, None], (at - left)[:, :, None]
        top, left = top.long(), left.long()
        bottom, end = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
        upper = self._pick(x, top, left) * (1 - right) + self._pick(x, top, end) * right
        lower = self._pick(x, bottom, left) * (1 - right) + self._pick(x, bottom, end) * right
        return (upper * (1 - down) + lower * down) * inside[:, :, None].to(x.dtype)

    def _pick(self, x: Tensor, row: Tensor, column: Tensor) -> Tensor:
        """The pixels at whole places."""
        place = (row * x.shape[4] + column).flatten(2)[:, :, None].expand(-1, -1, x.shape[2], -1)
        return x.flatten(3).gather(3, place).view(*x.shape[:3], *row.shape[2:])

    def extra_repr(self) -> str:
        """The window and the groups."""
        window = f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
        return f"{window}, dilation={self.dilation}, groups={self.groups}, offset_groups={self.offset_groups}"
