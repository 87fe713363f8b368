"""Modules that move values without changing them: reshaping, reordering, repeating."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Reshape(nn.Module):
    """Axes `start` to before `stop` give way to `sizes`: 0 copies the input's size there, one -1 takes what is left.

    Source: src/caffe/layers/reshape_layer.cpp.

        >>> Reshape((0, -1), 0, 4)(torch.zeros(2, 3, 4, 5)).shape
        torch.Size([2, 60])
    """

    def __init__(self, sizes: Sequence[int], start: int, stop: int) -> None:
        super().__init__()
        self.sizes, self.start, self.stop = tuple(sizes), start, stop

    def forward(self, x: Tensor) -> Tensor:
        """A view where that is possible."""
        middle = [x.shape[self.start + i] if size == 0 else size for i, size in enumerate(self.sizes)]
        return x.reshape([*x.shape[: self.start], *middle, *x.shape[self.stop :]])

    def extra_repr(self) -> str:
        """Sizes and span."""
        return f"sizes={self.sizes}, start={self.start}, stop={self.stop}"


class Unsqueeze(nn.Module):
    """A new axis of size 1 in front of axis `dim`: what Flatten does with an end axis just before its first.

    Source: src/caffe/layers/flatten_layer.cpp.

        >>> Unsqueeze(1)(torch.zeros(2, 3)).shape
        torch.Size([2, 1, 3])
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """A view."""
        return x.unsqueeze(self.dim)

    def extra_repr(self) -> str:
        """The axis."""
        return f"dim={self.dim}"


class Permute(nn.Module):
    """Axis i of the output is axis dims[i] of x; contiguous, as Caffe's blobs are.

    Source: SSD's src/caffe/layers/permute_layer.cpp.

        >>> Permute((0, 2, 3, 1))(torch.zeros(1, 3, 4, 5)).shape
        torch.Size([1, 4, 5, 3])
    """

    def __init__(self, dims: Sequence[int]) -> None:
        super().__init__()
        self.dims = tuple(dims)

    def forward(self, x: Tensor) -> Tensor:
        """A copy in the new order."""
        return x.permute(self.dims).contiguous()

    def extra_repr(self) -> str:
        """The order."""
        return f"dims={self.dims}"


class Flip(nn.Module):
    """The values along `dim` in reverse order. Source: src/caffe/layers/reverse_layer.cpp of the recurrent forks.

    >>> Flip(0)(torch.tensor([1.0, 2.0]))
    tensor([2., 1.])
    """

    def __init__(self, dim: int = 0) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """x: any shape -> a copy of the same shape, reversed along `dims`."""
        return torch.flip(x, [self.dim])

    def extra_repr(self) -> str:
        """The axis."""
        return f"dim={self.dim}"


class FlipImage(nn.Module):
    """Images (n, c, h, w) with their columns, rows or both in reverse order.

    Source: happynear/caffe-windows, src/caffe/layers/flip_layer.cpp.

        >>> FlipImage()(torch.tensor([[[[1.0, 2.0]]]])).tolist()
        [[[[2.0, 1.0]]]]
    """

    def __init__(self, width: bool = True, height: bool = False) -> None:
        super().__init__()
        self.width, self.height = width, height

    def forward(self, x: Tensor) -> Tensor:
        """The mirrored images."""
        return torch.flip(x, [3] * self.width + [2] * self.height)

    def extra_repr(self) -> str:
        """Which axes."""
        return f"width={self.width}, height={self.height}"


class Tile(nn.Module):
    """`copies` of x behind one another along `dim`. Source: src/caffe/layers/tile_layer.cpp.

    >>> Tile(2, dim=0)(torch.tensor([1.0, 2.0]))
    tensor([1., 2., 1., 2.])
    """

    def __init__(self, copies: int, dim: int = 1) -> None:
        super().__init__()
        self.copies, self.dim = copies, dim

    def forward(self, x: Tensor) -> Tensor:
        """x: (…, d, …) -> (…, repeats × d, …) at axis `dim`."""
        return x.repeat([self.copies if axis == self.dim else 1 for axis in range(x.ndim)])

    def extra_repr(self) -> str:
        """Number and axis."""
        return f"copies={self.copies}, dim={self.dim}"


class ShuffleChannels(nn.Module):
    """Channel g * size + i moves to i * groups + g, x: (n, groups * size, ...); nn.ChannelShuffle wants 3 axes or more.

    Source: src/caffe/layers/shuffle_channel_layer.cpp (farmingyard/ShuffleNet).

        >>> ShuffleChannels(2)(torch.tensor([[1.0, 2.0, 3.0, 4.0]]))
        tensor([[1., 3., 2., 4.]])
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        """A copy in the new order."""
        n, c = x.shape[:2]
        return x.reshape(n, self.groups, c // self.groups, *x.shape[2:]).transpose(1, 2).reshape(x.shape)

    def extra_repr(self) -> str:
        """The groups."""
        return f"groups={self.groups}"


class Reorg(nn.Module):
    """Darknet's reorg: x (n, c, h, w) -> (n, c s², h / s, w / s), or with `reverse` to (n, c / s², h s, w s).

    Darknet computes the places as if x were (n, c / s², h s, w s), so this is not the usual space to depth: it takes
    that larger image apart into its s² phases, stored as c channels of h by w, and only names them by the output's
    shape. No gradient flows back: the source takes it from a blob of zeros.
    Source: src/caffe/layers/reorg_layer.cpp (eric612/MobileNet-YOLO); Darknet's src/blas.c, reorg_cpu.

        >>> Reorg(2)(torch.zeros(1, 4, 6, 6)).shape
        torch.Size([1, 16, 3, 3])
    """

    def __init__(self, stride: int = 2, reverse: bool = False) -> None:
        super().__init__()
        self.stride, self.reverse = stride, reverse

    def forward(self, x: Tensor) -> Tensor:
        """The values in their new places."""
        n, c, h, w = x.shape
        s = self.stride
        x = x.detach()
        if self.reverse:
            phases = x.reshape(n, s, s, c // s**2, h, w)
            return phases.permute(0, 3, 4, 1, 5, 2).reshape(n, c // s**2, h * s, w * s)
        image = x.reshape(n, c // s**2, h, s, w, s)
        return image.permute(0, 3, 5, 1, 2, 4).reshape(n, c * s**2, h // s, w // s)

    def extra_repr(self) -> str:
        """Stride and direction."""
        return f"stride={self.stride}, reverse={self.reverse}"
