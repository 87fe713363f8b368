"""A convolution made ready for inference: weights laid out once as the kernels want them, rectification fused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from converter.formats.mapping import release
from converter.lazytorch import F


@dataclass(frozen=True, slots=True)
class Filter:
    """A two-dimensional convolution: weight (c_out, c_in / group, kh, kw), bias (c_out,) or None."""

    weight: Tensor
    bias: Tensor | None
    stride: tuple[int, int]
    pad: tuple[int, int]
    dilation: tuple[int, int]
    group: int
    rectified: bool


class PackedConvolution:
    """y = conv(x), rectified if asked for, in channels-last layout; the weights are packed at the first call.

    On the CPU this is oneDNN's convolution with its own weight layout and the rectification inside the kernel: the
    operator torch's compiler uses. Where torch lacks it, and on CUDA, it is the plain convolution with
    channels-last weights and an in-place rectification of its fresh output.
    """

    def __init__(self, given: Filter, dtype: torch.dtype, device: torch.device) -> None:
        self.given, self.dtype, self.device = given, dtype, device
        self._weight: Tensor | None = None
        self._bias: Tensor | None = None
        self._fused = device.type == "cpu" and _has_fused_kernel(dtype)

    def __call__(self, x: Tensor) -> Tensor:
        """x: (n, c_in, h, w) of this convolution's dtype and device -> (n, c_out, h', w')."""
        if self._weight is None:
            self._pack(x)
        assert self._weight is not None
        f = self.given
        if self._fused:
            after = "relu" if f.rectified else "none"
            y: Tensor = torch.ops.mkldnn._convolution_pointwise(
                x, self._weight, self._bias, f.pad, f.stride, f.dilation, f.group, after, [], ""
            )
            return y
        y = F.conv2d(x, self._weight, self._bias, f.stride, f.pad, f.dilation, f.group)
        return F.relu_(y) if f.rectified else y

    def _pack(self, x: Tensor) -> None:
        f = self.given
        weight = f.weight.detach().to(self.device, self.dtype)
        self._bias = None if f.bias is None else f.bias.detach().to(self.device, self.dtype)
        if self._fused:
            shape = list(x.shape)
            arguments: tuple[Any, ...] = (f.pad, f.stride, f.dilation, f.group, shape)
            self._weight = torch.ops.mkldnn._reorder_convolution_weight(weight, *arguments)
        else:
            self._weight = weight.contiguous(memory_format=torch.channels_last)
        if f.weight.device.type == "cpu" and (self._fused or self._weight.data_ptr() != f.weight.data_ptr()):
            release(f.weight.detach().numpy())


def _has_fused_kernel(dtype: torch.dtype) -> bool:
    """Whether torch was built with oneDNN's fused convolution for this dtype on this processor."""
    names = ("_convolution_pointwise", "_reorder_convolution_weight")
    if not torch._C._has_mkldnn or not all(hasattr(torch.ops.mkldnn, name) for name in names):
        return False
    if dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return dtype == torch.float32
