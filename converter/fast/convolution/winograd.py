"""Winograd's convolution F(4×4, 3×3): 36 products for 16 outputs of a pair of channels instead of 144.

The transforms grow with the sum of the channels, the products with their product: it pays between many channels. The
tiles' transforms of a band of rows stay in the cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch

from converter.fast import onednn
from converter.fast.convolution.filter import Filter, Place
from converter.fast.convolution.tiled import TiledConvolution, count_tiles
from converter.fast.convolution.transform import Transform, winograd
from converter.fast.matmul import has_avx512

_SIZE = 6
_LEAST_WORK = 160
"""Products for each number that is transformed: a b / (a + b) for a channels in and b out.

Beside the direct algorithm on two cores of an AMD EPYC with AVX-512: 256 and 256 channels, 128 by this measure, take 4
to 18 % longer; 256 and 512, 171, a quarter less; 512 and 512, 256, three tenths less.
"""
_FEWEST_TILES = 64
"""Below that a plane's matrix has too few rows."""


class WinogradConvolution(TiledConvolution):
    """y = conv(x) for a 3×3 kernel; the kernel's transform is stored."""

    BAND: ClassVar[Mapping[str, int]] = {"cpu": 1 << 23, "cuda": 1 << 32}
    BLOCK: ClassVar[Mapping[str, int]] = {"cpu": 1 << 40, "cuda": 1 << 40}

    def size(self, _shape: tuple[int, ...]) -> int:
        """Six: four outputs and what the kernel reaches beyond them."""
        return _SIZE

    def stores(self, _kernel_bytes: int, _calls: int) -> bool:
        """At once: it is four times the kernel."""
        return True

    def transform(self, _size: int) -> Transform:
        """Toom and Cook's matrices."""
        return winograd()


def fits_winograd(given: Filter, place: Place) -> bool:
    """Whether the algorithm fits and may pay: 3×3 between many channels, float32, on a CPU with AVX-512."""
    into, out_of = given.weight.shape[:2]
    many = given.plain and into * out_of >= _LEAST_WORK * (into + out_of)
    square = given.kernel == (3, 3) and given.dilation[0] == given.dilation[1]
    here = place.device.type == "cpu" and place.dtype == torch.float32 and has_avx512() and onednn.has_linear()
    return many and square and here


def has_tiles(given: Filter, shape: tuple[int, ...]) -> bool:
    """Whether an input of `shape` (n, c, h, w) is large enough for it, and its dilation leaves tiles mostly filled."""
    rows, columns = given.output_size(shape[2], shape[3])
    tiles = count_tiles(given, shape, _SIZE)
    return tiles >= _FEWEST_TILES and 2 * shape[0] * rows * columns >= 16 * tiles
