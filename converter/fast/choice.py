"""Which form of a convolution runs: by its shape on the CPU, by measurement on CUDA."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from converter.fast.blocks import BlockConvolution, is_dilated
from converter.fast.cudnn import FusedConvolution, is_fusible
from converter.fast.direct import DirectConvolution
from converter.fast.filters import Filter, Form, Place
from converter.fast.fourier import FourierConvolution, is_fourier, saves
from converter.fast.measured import MeasuredConvolution, tolerance
from converter.fast.pointwise import PointwiseConvolution, is_pointwise


def form_of(given: Filter, place: Place) -> Form:
    """The form, or the forms to choose from, of a convolution in one place."""
    if place.device.type == "cuda":
        return MeasuredConvolution(candidates(given, place), tolerance(place.dtype, place.tf32))
    if is_pointwise(given, place):
        return PointwiseConvolution(given, place)
    if place.dtype == torch.float32 and is_fourier(given):
        return _LargeKernel(given, place)
    return DirectConvolution(given, place)


def candidates(given: Filter, place: Place) -> dict[str, Callable[[], Form]]:
    """Every form that fits, the direct one first. The Fourier form's differences of spectra want float32 whole."""
    found: dict[str, Callable[[], Form]] = {"direct": lambda: DirectConvolution(given, place)}
    if is_fusible(given):
        found["fused"] = lambda: FusedConvolution(given, place)
    if is_dilated(given):
        found["space to batch"] = lambda: BlockConvolution(given, place)
    if is_fourier(given) and place.dtype == torch.float32 and not place.tf32:
        found["fourier"] = lambda: FourierConvolution(given, place)
    return found


class _LargeKernel:
    """The Fourier form where the picture is large enough for it to pay, else the direct one."""

    def __init__(self, given: Filter, place: Place) -> None:
        self.given = given
        self._fourier, self._direct = FourierConvolution(given, place), DirectConvolution(given, place)

    def __call__(self, x: Tensor) -> Tensor:
        """See `Form`."""
        return self._fourier(x) if saves(self.given, tuple(x.shape)) else self._direct(x)
