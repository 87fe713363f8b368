"""cuDNN's own fusion of convolution, bias and rectification, and the settings that CUDA convolutions run in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from converter.fast.convolution.filter import Filter, Place, bias_of


class FusedConvolution:
    """y = max(conv(x), 0) by cuDNN, channels-last weights."""

    def __init__(self, given: Filter, place: Place) -> None:
        self.given, self.place = given, place
        self._weight: Tensor | None = None
        self._bias: Tensor | None = None

    def __call__(self, x: Tensor) -> Tensor:
        """See `Algorithm`.

        Raises:
            RuntimeError: this cuDNN does not fuse them for the type or the shape.
        """
        f = self.given
        if self._weight is None:
            weight = f.weight.detach().to(self.place.device, self.place.dtype)
            self._weight = weight.contiguous(memory_format=torch.channels_last)
            self._bias = bias_of(f, self.place)
        y: Tensor = torch.cudnn_convolution_relu(x, self._weight, self._bias, f.stride, f.pad, f.dilation, f.group)
        return y


def is_fusible(given: Filter) -> bool:
    """Whether the algorithm fits: rectified, with a bias."""
    return given.rectified and given.bias is not None and hasattr(torch, "cudnn_convolution_relu")


@contextmanager
def settings(place: Place) -> Iterator[None]:
    """On CUDA: cuDNN picks its algorithms by trial, and rounds float32 factors to TF32 only if asked to."""
    if place.device.type != "cuda":
        yield
        return
    matmul = torch.backends.cuda.matmul
    before = matmul.allow_tf32
    matmul.allow_tf32 = place.tf32
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=True, deterministic=False, allow_tf32=place.tf32):
            yield
    finally:
        matmul.allow_tf32 = before
