"""Convolutions whose channels stand on another axis than 1: the axes before it are folded into one batch axis."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


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
