"""Which algorithm of a convolution runs: by its shape on the CPU, by measurement on CUDA."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from converter.fast.autotune import AutotunedConvolution, tolerance
from converter.fast.convolution.cudnn import FusedConvolution, is_fusible
from converter.fast.convolution.direct import DirectConvolution, computes
from converter.fast.convolution.filter import Algorithm, Filter, Place, release_pages
from converter.fast.convolution.frequency import FrequencyConvolution, fits_frequency_domain, saves
from converter.fast.convolution.pointwise import PointwiseConvolution, is_pointwise
from converter.fast.convolution.space_to_batch import SpaceToBatchConvolution, is_dilated
from converter.fast.convolution.tiled import TiledConvolution
from converter.fast.convolution.winograd import WinogradConvolution, fits_winograd, has_tiles
from converter.fast.matmul import multiplies_bfloat16


def select_algorithm(given: Filter, place: Place) -> Algorithm:
    """The algorithm, or the algorithms to choose from, of a convolution in one place."""
    if place.device.type == "cuda":
        return AutotunedConvolution(candidates(ConvolutionAtPlace(given, place)), tolerance(place.dtype, place.tf32))
    if is_pointwise(given, place):
        return PointwiseConvolution(given, place)
    slow_type = place.dtype == torch.float32 or not computes(place.dtype)
    if fits_frequency_domain(given) and (slow_type or multiplies_bfloat16(place.device.type)):
        return AlgorithmBySize(FrequencyConvolution(given, place), DirectConvolution(given, place), saves)
    if fits_winograd(given, place):
        return AlgorithmBySize(WinogradConvolution(given, place), DirectConvolution(given, place), has_tiles)
    return DirectConvolution(given, place)


@dataclass
class ConvolutionAtPlace:
    """A convolution whose weights go to their place once, for all algorithms, when the first algorithm is tried."""

    given: Filter
    place: Place

    @cached_property
    def filter(self) -> Filter:
        """With weight and bias on the device, float32 or what they were."""
        weight = self.given.weight.detach().to(self.place.device)
        release_pages(self.given.weight, weight)
        bias = None if self.given.bias is None else self.given.bias.detach().to(self.place.device)
        return replace(self.given, weight=weight, bias=bias)


def candidates(moved: ConvolutionAtPlace) -> dict[str, Callable[[], Algorithm]]:
    """Every algorithm that fits, the direct one first. The frequency domain needs float32 without TF32."""
    given, place = moved.given, moved.place
    found: dict[str, Callable[[], Algorithm]] = {"direct": lambda: DirectConvolution(moved.filter, place)}
    if is_fusible(given):
        found["fused"] = lambda: FusedConvolution(moved.filter, place)
    if is_dilated(given):
        found["space to batch"] = lambda: SpaceToBatchConvolution(moved.filter, place)
    if fits_frequency_domain(given) and place.dtype == torch.float32 and not place.tf32:
        found["fourier"] = lambda: FrequencyConvolution(moved.filter, place)
    return found


class AlgorithmBySize:
    """A tiled algorithm where the input is large enough for it to pay, else the direct one.

    `took_tiles` tells which of the two the last input took.
    """

    def __init__(
        self, tiled: TiledConvolution, direct: DirectConvolution, pays: Callable[[Filter, tuple[int, ...]], bool]
    ) -> None:
        self.given = tiled.given
        self._tiled, self._direct, self._pays = tiled, direct, pays
        self.took_tiles = False

    def __call__(self, x: Tensor) -> Tensor:
        """See `Algorithm`."""
        self.took_tiles = self._pays(self.given, tuple(x.shape))
        return self._tiled(x) if self.took_tiles else self._direct(x)
