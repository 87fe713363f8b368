"""Maxima over windows as Caffe takes them: its output sizes, its positions, and no NaN among them."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.pooling import CaffePool2d, Pair, overhang, pair


def lift(x: Tensor) -> Tensor:
    """The tensor with float32's lowest number for NaN and -inf, of its shape; itself while exporting or compiling."""
    if torch.compiler.is_exporting() or torch.compiler.is_compiling():
        return x
    low = max(torch.finfo(torch.float32).min, torch.finfo(x.dtype).min)
    return torch.nan_to_num(x, nan=low, posinf=torch.inf, neginf=low)


fx.wrap("lift")  # one step for a tracer, which has no type to look at


class MaxPool2d(nn.MaxPool2d):
    """nn.MaxPool2d whose maxima start at float32's lowest number, as Caffe's do: a NaN never wins, nor does -inf.

    What is exported or compiled has torch's own maximum, where a NaN always wins.
    Source: src/caffe/layers/pooling_layer.cpp, Forward_cpu.

        >>> MaxPool2d(2)(torch.tensor([[[[1.0, torch.nan], [0.0, 2.0]]]])).item()
        2.0
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """x: (n, c, h, w) -> (n, c, h', w')."""
        return cast(Tensor, super().forward(lift(input)))


class GlobalMaxPool2d(nn.AdaptiveMaxPool2d):
    """The plane's maximum: x (n, c, h, w) -> (n, c, 1, 1); a NaN never wins, see `MaxPool2d`."""

    def __init__(self) -> None:
        super().__init__(1)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """x: (n, c, h, w) -> (n, c, 1, 1)."""
        return cast(Tensor, super().forward(lift(input)))


class CeilMaxPool2d(MaxPool2d):
    """nn.MaxPool2d with ceil_mode, which torch.export takes with sizes left open.

    Torch decides on the last window by a branch on the input's size, which an export with dynamic sizes refuses; while
    exporting, the plane is padded to whole windows instead. The output is the same.

        >>> CeilMaxPool2d(2, 2)(torch.zeros(1, 1, 5, 5)).shape
        torch.Size([1, 1, 3, 3])
    """

    def __init__(self, kernel_size: int | Pair, stride: int | Pair, padding: int | Pair = 0) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode=True)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """x: (n, c, h, w) -> (n, c, h', w')."""
        if not torch.compiler.is_exporting():
            return super().forward(input)
        kernel, stride, padding = pair(self.kernel_size), pair(self.stride), pair(self.padding)
        bottom, right = overhang(input, kernel, stride, padding, True)
        padded = F.pad(input, (padding[1], right, padding[0], bottom), value=-torch.inf)
        return F.max_pool2d(padded, kernel, stride)


class CaffeMaxPool2d(CaffePool2d):
    """Maximum over windows: x (n, c, h, w) -> (n, c, h', w'), with `return_indices` also their positions.

    Differs from nn.MaxPool2d where a last window may lie wholly behind the image (stride beyond the kernel, no
    padding: the output is -FLT_MAX, the position -1), where padding exceeds half the kernel, and in the positions:
    h * W + w in the input's own plane, as floating numbers, the first of equal maxima.
    Source: src/caffe/layers/pooling_layer.cpp.

        >>> CaffeMaxPool2d((1, 1), (3, 3))(torch.zeros(1, 1, 5, 5)).shape
        torch.Size([1, 1, 3, 3])
    """

    def __init__(
        self,
        kernel_size: Pair | None,
        stride: Pair = (1, 1),
        padding: Pair = (0, 0),
        ceil_mode: bool = True,
        return_indices: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)
        self.return_indices = return_indices

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The maxima, and their positions where they are asked for."""
        low = max(torch.finfo(torch.float32).min, torch.finfo(x.dtype).min)
        padded = self.pad(lift(x), low)
        if not self.return_indices:
            return F.max_pool2d(padded, self.window(x), self.stride)
        maxima, flat = F.max_pool2d(padded, self.window(x), self.stride, return_indices=True)
        rows = torch.div(flat, padded.shape[3], rounding_mode="floor")
        columns = flat - rows * padded.shape[3] - self.padding[1]
        position = torch.where(maxima > low, (rows - self.padding[0]) * x.shape[3] + columns, -1)
        return maxima, position.to(x.dtype)
