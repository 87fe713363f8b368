"""The pointwise algorithm: a 1×1 convolution is a matrix product.

oneDNN's product beats its own 1×1 convolution on many CPUs: fc7's 4096 to 4096 channels in channels-last layout take
1.1 s as a product, 3.5 s as a convolution, on two AVX2 cores.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from converter.fast import onednn
from converter.fast.convolution.direct import computes
from converter.fast.convolution.filter import Filter, Place, bias_of, release_pages
from converter.fast.matmul import matmul_on, numpy_beats_onednn

_SMALL = 16 << 20
"""Bytes of weights that may lie in memory twice."""


class PointwiseConvolution:
    """y = x w + b at every position, in channels-last layout.

    Large float32 weights are used where they lie: oneDNN lays them out anew for each product, which is nothing beside
    the product itself. Small ones are laid out once: fewer positions share that work, so it takes up to a fifth of it.
    """

    def __init__(self, given: Filter, place: Place) -> None:
        self.given, self.place = given, place
        self._plain = matmul_on("cpu") if place.dtype == torch.float32 and numpy_beats_onednn() else None
        self._weight: Tensor | None = None
        self._packed: Tensor | None = None
        self._bias: Tensor | None = None

    def __call__(self, x: Tensor) -> Tensor:
        """See `Algorithm`."""
        if self._weight is None:
            self._pack()
        rows = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
        y = self._matmul(rows)
        return y.view(x.shape[0], x.shape[2], x.shape[3], -1).permute(0, 3, 1, 2)

    def _matmul(self, rows: Tensor) -> Tensor:
        """rows: (positions, c_in) -> (positions, c_out), bias and rectification included."""
        assert self._weight is not None
        if self._plain is not None:
            y = self._plain(rows, self._weight.t(), rows.new_empty(len(rows), len(self._weight)))
            y = y if self._bias is None else y.add_(self._bias)
            return y.relu_() if self.given.rectified else y
        if torch.compiler.is_compiling():  # torch's compiler fuses the plain product by itself, and not the fused one
            y = F.linear(rows, self._weight, self._bias)
            return F.relu(y) if self.given.rectified else y
        if self._packed is None:
            small = self._weight.nbytes <= _SMALL
            self._packed = onednn.pack_linear(self._weight, len(rows)) if small else self._weight
        return onednn.linear(rows, self._packed, self._bias, self.given.rectified)

    def _pack(self) -> None:
        weight = self.given.weight.detach()
        self._weight = weight.reshape(weight.shape[:2]).to(self.place.dtype)
        self._bias = bias_of(self.given, self.place)
        release_pages(weight, self._weight)


def is_pointwise(given: Filter, place: Place) -> bool:
    """Whether it fits: a 1×1 kernel without stride, groups or padding, on a CPU with kernels for the type."""
    fits = given.plain and given.kernel == (1, 1) and given.pad == (0, 0)
    here = place.device.type == "cpu" and place.dtype in (torch.float32, torch.bfloat16) and computes(place.dtype)
    return fits and here and onednn.has_linear()
