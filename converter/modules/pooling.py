"""Pooling with Caffe's output sizes, divisors and positions, where torch's own pooling differs."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

Pair = tuple[int, int]


def pool_output_size(size: int, kernel: int, stride: int, padding: int, ceil_mode: bool, clip: bool) -> int:
    """Output size along one axis (src/caffe/layers/pooling_layer.cpp, Reshape), without a branch on `size`.

    `clip`: some axis is padded, so a last window that would start beyond the image and its left padding is dropped.
    Quotients are of numbers that are not negative: ONNX's integer division rounds towards zero.
    """
    span = size + 2 * padding - kernel
    count = (span + stride - 1 if ceil_mode else span) // stride + 1
    if not clip:
        return count
    return cast(int, torch.sym_min(count, (size + padding + stride - 1) // stride))  # type: ignore[no-untyped-call]


class CaffePool2d(nn.Module):
    """The window that Caffe's poolings share, and the padding that lays all its positions out."""

    def __init__(
        self, kernel_size: Pair | None, stride: Pair = (1, 1), padding: Pair = (0, 0), ceil_mode: bool = True
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding, self.ceil_mode = kernel_size, stride, padding, ceil_mode

    def extra_repr(self) -> str:
        """The window."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, ceil_mode={self.ceil_mode}"
        )

    def window(self, x: Tensor) -> Pair:
        """The kernel: the whole plane where None was given."""
        return self.kernel_size or (x.shape[2], x.shape[3])

    def output_size(self, x: Tensor) -> Pair:
        """(h', w')."""
        kernel, clip = self.window(x), self.padding != (0, 0)
        rows, columns = (
            pool_output_size(x.shape[2 + i], kernel[i], self.stride[i], self.padding[i], self.ceil_mode, clip)
            for i in range(2)
        )
        return rows, columns

    def pad(self, x: Tensor, value: float) -> Tensor:
        """X (n, c, h, w) with its padding, and with as much behind it as the last window reaches over."""
        bottom, right = overhang(x, self.window(x), self.stride, self.padding, self.ceil_mode)
        return F.pad(x, (self.padding[1], right, self.padding[0], bottom), value=value)


def overhang(x: Tensor, kernel: Pair, stride: Pair, padding: Pair, ceil_mode: bool) -> Pair:
    """Rows and columns by which the last windows reach over the padded x (n, c, h, w); below 0: they leave a rest."""
    clip = padding != (0, 0)
    sizes = [pool_output_size(x.shape[2 + i], kernel[i], stride[i], padding[i], ceil_mode, clip) for i in range(2)]
    bottom, right = ((sizes[i] - 1) * stride[i] + kernel[i] - x.shape[2 + i] - padding[i] for i in range(2))
    return bottom, right


class CeilAvgPool2d(nn.AvgPool2d):
    """nn.AvgPool2d with ceil_mode, which torch.export takes with sizes left open; see `CeilMaxPool2d`."""

    def __init__(self, kernel_size: int | Pair, stride: int | Pair, padding: int | Pair = 0) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode=True)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """x: (n, c, h, w) -> (n, c, h', w')."""
        if not torch.compiler.is_exporting():
            return super().forward(input)
        return _mean(input, pair(self.kernel_size), pair(self.stride), pair(self.padding), True)


class CaffeAvgPool2d(CaffePool2d):
    """Mean over windows: x (n, c, h, w) -> (n, c, h', w').

    Differs from nn.AvgPool2d where a last window may lie wholly behind the image and where padding exceeds half the
    kernel. The divisor is the window's size after it is cut at the padding's end and before it is cut at the image's.
    Source: src/caffe/layers/pooling_layer.cpp.

        >>> CaffeAvgPool2d((3, 3), (2, 2), (2, 2))(torch.ones(1, 1, 4, 4)).shape
        torch.Size([1, 1, 4, 4])
    """

    def forward(self, x: Tensor) -> Tensor:
        """The means."""
        return _mean(x, self.window(x), self.stride, self.padding, self.ceil_mode)


def _mean(x: Tensor, kernel: Pair, stride: Pair, padding: Pair, ceil_mode: bool) -> Tensor:
    """Means over whole windows, corrected to Caffe's own count per row and column.

    Not by `divisor_override`, which torch's ONNX exporter leaves out without a word.
    """
    bottom, right = overhang(x, kernel, stride, padding, ceil_mode)
    padded = F.pad(x, (padding[1], right, padding[0], bottom))
    means = F.avg_pool2d(padded, kernel, stride)
    counts = []
    for i in range(2):
        start = torch.arange(means.shape[2 + i], device=x.device, dtype=x.dtype) * stride[i] - padding[i]
        counts.append((start + kernel[i]).clamp(max=x.shape[2 + i] + padding[i]) - start)
    return means * (kernel[0] * kernel[1] / (counts[0][:, None] * counts[1]))


class StochasticPool2d(CaffePool2d):
    """Stochastic pooling of non-negative values: x (n, c, h, w) -> (n, c, h', w').

    In training one value of each window is drawn with a probability in proportion to its size; otherwise the output is
    the mean weighted by the values themselves, sum x² / sum x, and 0 where the sum is 0.
    Source: src/caffe/layers/pooling_layer.cu; Zeiler & Fergus 2013.

        >>> StochasticPool2d((2, 2), (2, 2)).eval()(torch.ones(1, 1, 4, 4)).unique()
        tensor([1.])
    """

    def forward(self, x: Tensor) -> Tensor:
        """The drawn values, or the weighted means."""
        kernel, sizes = self.window(x), self.output_size(x)
        padded = self.pad(x, 0.0)
        if not self.training:
            total = F.avg_pool2d(padded, kernel, self.stride)
            squares = F.avg_pool2d(padded * padded, kernel, self.stride)
            return torch.where(total > 0, squares / total.clamp(min=torch.finfo(x.dtype).tiny), 0.0)
        n, c = x.shape[:2]
        columns = F.unfold(padded, kernel, stride=self.stride).reshape(n, c, kernel[0] * kernel[1], -1).movedim(2, 3)
        weights = torch.where(columns.sum(-1, keepdim=True) > 0, columns, torch.ones_like(columns)).clamp(min=0)
        drawn = torch.multinomial(weights.reshape(-1, weights.shape[-1]), 1).reshape(*weights.shape[:-1], 1)
        return columns.gather(-1, drawn).reshape(n, c, *sizes)


def pair(value: int | Pair) -> Pair:
    """One number for both axes, as torch's modules take it."""
    return (value, value) if isinstance(value, int) else value
