"""The direct algorithm: a library's own convolution, weights laid out once as its kernels want them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from converter.fast import onednn
from converter.fast.convolution.filter import Filter, Place, bias_of, refuse_small, release_pages


class DirectConvolution:
    """y = conv(x), rectified if asked for, in channels-last layout; the weights are packed at the first call.

    On the CPU this is oneDNN's convolution with its own weight layout and the rectification inside the kernel: the
    operator torch's compiler uses. Where torch lacks it, and on CUDA, it is the plain convolution with channels-last
    weights and an in-place rectification of its fresh output. Half precision on a CPU without instructions for it is
    computed in float32 on the rounded numbers: the same output, and ten times as fast as torch's own.
    """

    def __init__(self, given: Filter, place: Place) -> None:
        self.given, self.place = given, place
        self.dtype = place.dtype if place.device.type != "cpu" or computes(place.dtype) else torch.float32
        in_type = place.device.type == "cpu" and self.dtype in (torch.float32, torch.bfloat16)
        self._fused = in_type and onednn.has_convolution()
        self._weight: Tensor | None = None
        self._bias: Tensor | None = None

    def __call__(self, x: Tensor) -> Tensor:
        """See `Algorithm`.

        Raises:
            ShapeError: an input smaller than the kernel.
        """
        try:
            return self._convolve(x.to(self.dtype))
        except RuntimeError as error:
            refuse_small(self.given, x, error)
            raise

    def _convolve(self, x: Tensor) -> Tensor:
        if self._weight is None:
            self._pack(x)
        assert self._weight is not None
        f = self.given
        if self._fused:
            y = onednn.convolution(x, self._weight, self._bias, f.stride, f.pad, f.dilation, f.group, f.rectified)
            return y.to(self.place.dtype)
        y = F.conv2d(x, self._weight, self._bias, f.stride, f.pad, f.dilation, f.group)
        return (F.relu_(y) if f.rectified else y).to(self.place.dtype)

    def _pack(self, x: Tensor) -> None:
        f = self.given
        weight = f.weight.detach().to(self.place.device, self.place.dtype).to(self.dtype)
        self._bias = bias_of(f, self.place, self.dtype)
        if self._fused:
            self._weight = onednn.pack_convolution(weight, f.stride, f.pad, f.dilation, f.group, list(x.shape))
            release_pages(f.weight)
        else:
            self._weight = weight.contiguous(memory_format=torch.channels_last)
            release_pages(f.weight, self._weight)


def computes(dtype: torch.dtype) -> bool:
    """Whether this processor computes with numbers of the type, rather than only storing them."""
    if dtype == torch.bfloat16:
        return onednn.has_bfloat16()
    return dtype in (torch.float32, torch.float64)
