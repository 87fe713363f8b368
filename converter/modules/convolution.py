"""Convolutions that torch has not: of channels on another axis than 1, and with other padding than zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

Pair = tuple[int, int]


class FoldedBatch(nn.Module):
    """Folds the axes before `axis` into one batch axis for the convolution behind it, and unfolds the output.

    x: (batch..., c, spatial...) -> (batch..., c', spatial'...). This is what Caffe's convolution_param.axis means.
    Source: src/caffe/layers/base_conv_layer.cpp, Reshape.

        >>> Conv2dOnAxis(3, 8, 3, axis=2)(torch.zeros(2, 5, 3, 9, 9)).shape
        torch.Size([2, 5, 8, 7, 7])
    """

    def __init__(self, *args: Any, axis: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        """The output, its batch axes as the input's."""
        leading = x.shape[: self.axis]
        y: Tensor = super().forward(x.reshape(-1, *x.shape[self.axis :]))
        return y.reshape(*leading, *y.shape[1:])


class Conv1dOnAxis(FoldedBatch, nn.Conv1d):
    """nn.Conv1d over any number of batch axes."""


class Conv2dOnAxis(FoldedBatch, nn.Conv2d):
    """nn.Conv2d over any number of batch axes."""


class Conv3dOnAxis(FoldedBatch, nn.Conv3d):
    """nn.Conv3d over any number of batch axes."""


class ConvTranspose1dOnAxis(FoldedBatch, nn.ConvTranspose1d):  # type: ignore[misc]  # without torch's output_size
    """nn.ConvTranspose1d over any number of batch axes."""


class ConvTranspose2dOnAxis(FoldedBatch, nn.ConvTranspose2d):  # type: ignore[misc]
    """nn.ConvTranspose2d over any number of batch axes."""


class ConvTranspose3dOnAxis(FoldedBatch, nn.ConvTranspose3d):  # type: ignore[misc]
    """nn.ConvTranspose3d over any number of batch axes."""


class PastEnd(FoldedBatch):
    """Pads axes where the window lacks less than a stride with zeros at their end: it has one place there, as in Caffe.

    (size + 2 * padding - extent) / stride is rounded towards zero, so a kernel of 2 with stride 2 has one place in an
    input of size 1. Source: src/caffe/layers/conv_layer.cpp, compute_output_shape; src/caffe/util/im2col.cpp.

        >>> Conv2dPastEnd(3, 8, (2, 2), (2, 2), (0, 0), axis=1)(torch.zeros(1, 3, 1, 5)).shape
        torch.Size([1, 8, 1, 2])
    """

    def forward(self, x: Tensor) -> Tensor:
        """The output, (batch..., c', spatial'...)."""
        ends: list[int] = []
        window: list[Any] = [self.kernel_size, self.stride, self.padding, self.dilation]
        for size, k, s, p, d in zip(x.shape[self.axis + 1 :], *window, strict=True):
            lacking = d * (k - 1) + 1 - size - 2 * p
            ends = [0, lacking if 0 < lacking < s else 0, *ends]
        return super().forward(F.pad(x, ends) if any(ends) else x)


class Conv1dPastEnd(PastEnd, nn.Conv1d):
    """nn.Conv1d whose window may lack less than a stride."""


class Conv2dPastEnd(PastEnd, nn.Conv2d):
    """nn.Conv2d whose window may lack less than a stride."""


class Conv3dPastEnd(PastEnd, nn.Conv3d):
    """nn.Conv3d whose window may lack less than a stride."""


class PaddedConv2d(nn.Conv2d):
    """nn.Conv2d that pads each channel with a value of its own: x (n, c, h, w), `values` one a channel.

    A convolution whose input had its channels' means taken off pads with zeros, which is padding with the means where
    the input still has them.

        >>> PaddedConv2d(3, 8, (3, 3), values=(123.0, 117.0, 104.0), padding=(1, 1))(torch.zeros(1, 3, 5, 5)).shape
        torch.Size([1, 8, 5, 5])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        values: Sequence[float],
        stride: Pair = (1, 1),
        padding: Pair = (0, 0),
        dilation: Pair = (1, 1),
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation)
        self.values = tuple(values)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """The output, (n, c', h', w')."""
        rows, columns = int(self.padding[0]), int(self.padding[1])
        if rows or columns:
            around = (columns, columns, rows, rows)
            border = 1 - F.pad(input.new_ones(1, 1, *input.shape[2:]), around)
            values = input.new_tensor(self.values)[:, None, None]
            input = F.pad(input, around) + border * values  # noqa: A001
        return F.conv2d(input, self.weight, self.bias, self.stride, 0, self.dilation)
