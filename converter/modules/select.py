"""Modules that take parts of tensors: crops, slices, items."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from converter.modules.integers import check_range


class Crop(nn.Module):
    """x cut to the sizes of `reference` from axis `dim` on, beginning at `offsets` (one an axis).

    Source: src/caffe/layers/crop_layer.cpp.

        >>> Crop(2, (1, 1))(torch.zeros(1, 3, 8, 8), torch.zeros(1, 1, 5, 5)).shape
        torch.Size([1, 3, 5, 5])
    """

    def __init__(self, dim: int, offsets: Sequence[int]) -> None:
        super().__init__()
        self.dim, self.offsets = dim, tuple(offsets)

    def forward(self, x: Tensor, reference: Tensor) -> Tensor:
        """A view of x."""
        for axis, offset in enumerate(self.offsets, self.dim):
            x = x.narrow(axis, offset, reference.shape[axis])
        return x

    def extra_repr(self) -> str:
        """First axis and offsets."""
        return f"dim={self.dim}, offsets={self.offsets}"


class CropCenter(nn.Module):
    """Axis i of x loses margins[i] values at each end: a view.

    Source: waifu2x-caffe's src/caffe/layers/crop_center_layer.cpp (lltcggie/caffe).

        >>> CropCenter((0, 0, 1, 2))(torch.zeros(1, 3, 8, 8)).shape
        torch.Size([1, 3, 6, 4])
    """

    def __init__(self, margins: Sequence[int]) -> None:
        super().__init__()
        self.margins = tuple(margins)

    def forward(self, x: Tensor) -> Tensor:
        """What is left."""
        for axis, margin in enumerate(self.margins):
            x = x.narrow(axis, margin, x.shape[axis] - 2 * margin)
        return x

    def extra_repr(self) -> str:
        """The margins."""
        return f"margins={self.margins}"


class Slice(nn.Module):
    """x cut along `dim` before each of `points`, or into `parts` equal parts where there are none: a tuple of views.

    Source: src/caffe/layers/slice_layer.cpp.

        >>> [part.shape[1] for part in Slice(2, points=(3,))(torch.zeros(1, 8))]
        [3, 5]
    """

    def __init__(self, parts: int, dim: int = 1, points: Sequence[int] = ()) -> None:
        super().__init__()
        self.parts, self.dim, self.points = parts, dim, tuple(points)

    def forward(self, x: Tensor) -> tuple[Tensor, ...] | Tensor:
        """The parts; a single one is x itself.

        Raises:
            ValueError: the size along `dim` cannot be cut so.
        """
        size = x.shape[self.dim]
        if self.points:
            if not 0 < self.points[-1] < size:
                raise ValueError(f"points {list(self.points)} of {size} values along axis {self.dim}; expected less")
            ends = (*self.points, size)
            starts = (0, *self.points)
            return tuple(x.narrow(self.dim, start, end - start) for start, end in zip(starts, ends, strict=True))
        if size % self.parts:
            raise ValueError(f"{size} values along axis {self.dim} cannot be cut into {self.parts} equal parts")
        length = size // self.parts
        parts = tuple(x.narrow(self.dim, number * length, length) for number in range(self.parts))
        return x if self.parts == 1 else parts

    def extra_repr(self) -> str:
        """Where it cuts."""
        return f"parts={self.parts}, dim={self.dim}" + (f", points={self.points}" if self.points else "")


class Split(nn.Module):
    """x, `copies` times; their gradients add up. Source: src/caffe/layers/split_layer.cpp.

    >>> len(Split(2)(torch.zeros(1)))
    2
    """

    def __init__(self, copies: int) -> None:
        super().__init__()
        self.copies = copies

    def forward(self, x: Tensor) -> tuple[Tensor, ...] | Tensor:
        """The same tensor, of any shape, for every reader."""
        return x if self.copies == 1 else (x,) * self.copies

    def extra_repr(self) -> str:
        """How many."""
        return f"copies={self.copies}"


class BatchReindex(nn.Module):
    """y[i] = x[index[i]]; x: (n, ...), index: (m,) integers as floating numbers, y: (m, ...).

    Source: src/caffe/layers/batch_reindex_layer.cpp.

        >>> BatchReindex()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 1.0, 0.0]))
        tensor([2., 2., 1.])
    """

    def forward(self, x: Tensor, index: Tensor) -> Tensor:
        """The chosen items.

        Raises:
            IndexError: an index beyond the items.
        """
        integers = index.detach().long()
        check_range("index", integers, x.shape[0])
        return x.index_select(0, integers)


class Filter(nn.Module):
    """Of every tensor but the last the items i with selector[i] != 0, in order: a tuple.

    tensors: (n, ...) each, selector: (n,) or (n, 1, ...), last. How many are kept is known when it runs, so this cannot
    be part of a graph that is compiled whole. Source: src/caffe/layers/filter_layer.cpp.

        >>> Filter()(torch.tensor([5.0, 6.0]), torch.tensor([0.0, 1.0]))
        tensor([6.])
    """

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...] | Tensor:
        """The kept items of each; the selector gets no gradient."""
        *tensors, selector = inputs
        kept = selector.detach().reshape(-1).nonzero().reshape(-1)
        chosen = tuple(x.index_select(0, kept) for x in tensors)
        return chosen[0] if len(chosen) == 1 else chosen


class ArgMax(nn.Module):
    """The `top_k` largest values' positions, largest first; of equal values the one further back comes first.

    With `dim`: x's shape with top_k along it; positions, or with `values` the values. Without: positions within each
    item, (n, 1, top_k), or positions and values, (n, 2, top_k), with ones behind up to x's number of axes. Positions
    are floating numbers of x's type; no gradient passes. Source: src/caffe/layers/argmax_layer.cpp.

        >>> ArgMax(dim=0)(torch.tensor([3.0, 5.0, 5.0]))
        tensor([2.])
    """

    def __init__(self, top_k: int = 1, dim: int | None = None, values: bool = False) -> None:
        super().__init__()
        self.top_k, self.dim, self.values = top_k, dim, values

    def forward(self, x: Tensor) -> Tensor:
        """Positions, values, or both."""
        x = x.detach()
        if self.dim is not None:
            values, positions = self._largest(x, self.dim)
            return values if self.values else positions
        values, positions = self._largest(x.flatten(1) if x.ndim > 1 else x[:, None], 1)
        chosen = torch.stack([positions, values], 1) if self.values else positions[:, None]
        return chosen.reshape(*chosen.shape, *[1] * (x.ndim - 3))

    def _largest(self, x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
        """Values and positions; the axis is turned round so that the first of equals is the last."""
        turned = x.flip(dim)
        if self.top_k == 1:
            behind = turned.argmax(dim, keepdim=True)
            values = turned.gather(dim, behind)
        elif torch.compiler.is_exporting():  # ONNX has no stable sort
            values, behind = _iterated_argmax(turned, dim, self.top_k)
        else:
            ordered, order = turned.sort(dim=dim, descending=True, stable=True)
            values, behind = ordered.narrow(dim, 0, self.top_k), order.narrow(dim, 0, self.top_k)
        return values, (x.shape[dim] - 1 - behind).to(x.dtype)

    def extra_repr(self) -> str:
        """What is asked for."""
        return f"top_k={self.top_k}, dim={self.dim}, values={self.values}"


def _iterated_argmax(x: Tensor, dim: int, count: int) -> tuple[Tensor, Tensor]:
    """The `count` largest values along an axis and their positions, the first of equals first."""
    values, positions = [], []
    for _ in range(count):
        positions.append(x.argmax(dim, keepdim=True))
        values.append(x.gather(dim, positions[-1]))
        x = x.scatter(dim, positions[-1], -torch.inf)
    return torch.cat(values, dim), torch.cat(positions, dim)


class Im2col(nn.Module):
    """Windows of x laid out as channels: (outer..., c, spatial...) -> (outer..., c * kernel positions, positions...).

    Zeros outside; within a channel the kernel's positions run row-major. `dim` is the channels' axis.
    Source: src/caffe/layers/im2col_layer.cpp.

        >>> Im2col((3, 3), (1, 1), (1, 1), (1, 1))(torch.zeros(1, 2, 5, 5)).shape
        torch.Size([1, 18, 5, 5])
    """

    def __init__(
        self,
        kernel_size: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
        dim: int = 1,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = tuple(kernel_size), tuple(stride)
        self.padding, self.dilation, self.dim = tuple(padding), tuple(dilation), dim

    def forward(self, x: Tensor) -> Tensor:
        """A strided slice of the padded input for each position of the kernel."""
        padded = nn.functional.pad(x, [size for pad in reversed(self.padding) for size in (pad, pad)])
        windows = padded
        for number, (k, s, d) in enumerate(zip(self.kernel_size, self.stride, self.dilation, strict=True)):
            axis, extent = self.dim + 1 + number, d * (k - 1) + 1
            lacking = extent - windows.shape[axis]
            if 0 < lacking < s:  # one place remains, since C++ divides towards zero
                end = [0, 0] * (windows.ndim - 1 - axis) + [0, lacking]
                windows = nn.functional.pad(windows, end)
            windows = windows.unfold(axis, extent, s)[..., ::d]
        axes = len(self.kernel_size)
        order = [*range(self.dim + 1), *range(x.ndim, x.ndim + axes), *range(self.dim + 1, x.ndim)]
        return windows.permute(order).flatten(self.dim, self.dim + axes)

    def extra_repr(self) -> str:
        """The window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}"
