"""Convolution in the frequency domain: a large kernel as products of spectra, a small tile at a time.

fc6 (7×7, dilation 4, 512 to 4096 channels) is more than half of all work of a DilatedNet. In tiles of 12×12 that leaves
5.9 products an output and pair of channels instead of 49, and an error a fifth of the direct sum's.
"""

from __future__ import annotations

import os

import torch

from converter.fast.convolution.filter import Filter
from converter.fast.convolution.tiled import TiledConvolution, count_tiles
from converter.fast.convolution.transform import Transform, frequency_planes, frequency_transform
from converter.fast.matmul import has_avx512, multiplies_bfloat16

_SIZES = range(8, 17, 2)
_SMALLEST_KERNEL = 5
_FEWEST_CHANNELS = 32
_MANY_CHANNELS = 160
"""c_in c_out / (c_in + c_out) from which 3×3 kernels pay too, where the direct sum has no AVX-512: transforms grow
with the channels' sum, not with their product."""
_GAIN = 2.5
"""How many times fewer products make up for the transforms' traffic."""
_TRANSFORM = 2
"""What a product costs in the kernels' transform, whose sums are short, against one of the long sums over channels."""


_SHARE = 1 / 8
"""Of the machine's memory that a kernel's spectra may take."""


def products(given: Filter, shape: tuple[int, ...], size: int) -> float:
    """Products a pair of channels takes with tiles of `size`, the kernels' transform included."""
    k = given.kernel[0]
    return frequency_planes(size) * (count_tiles(given, shape, size) + _TRANSFORM * k * k)


def best_size(given: Filter, shape: tuple[int, ...]) -> int:
    """The tile size that takes the fewest products for an input of `shape` (n, c, h, w)."""
    sizes = [size for size in _SIZES if size > given.kernel[0]]
    return min((products(given, shape, size), size) for size in sizes)[1]


def fits_frequency_domain(given: Filter) -> bool:
    """Whether the algorithm fits and pays: a large kernel, or a 3×3 one between many channels without AVX-512."""
    into, out = given.weight.shape[:2]
    many = into * out >= _MANY_CHANNELS * (into + out) and not has_avx512()
    return has_large_kernel(given) or (many and _is_supported(given) and given.kernel[0] > 1)


def has_large_kernel(given: Filter) -> bool:
    """Whether the algorithm fits and pays on any processor."""
    return _is_supported(given) and given.kernel[0] >= _SMALLEST_KERNEL


def _is_supported(given: Filter) -> bool:
    """A square kernel, alike in both axes, tiles to hold it, channels enough."""
    (kh, kw), (dh, dw) = given.kernel, given.dilation
    square = kh == kw and dh == dw and kh < max(_SIZES)
    return square and given.plain and min(given.weight.shape[:2]) >= _FEWEST_CHANNELS


def saves(given: Filter, shape: tuple[int, ...]) -> bool:
    """Whether the algorithm takes far fewer products for an input of `shape` (n, c, h, w) than the direct sum."""
    rows, columns = given.output_size(shape[2], shape[3])
    direct = shape[0] * rows * columns * given.kernel[0] ** 2
    return direct > _GAIN * products(given, shape, best_size(given, shape))


def machine_memory() -> int:
    """Bytes of memory that the machine has; 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0


class FrequencyConvolution(TiledConvolution):
    """y = conv(x) by spectra. Those of the kernel are several times its size: fc6's take 1.8 GB in place of 411 MB.

    They are stored where a second call shows that they will be used again and the memory is there; without them a call
    of fc6 takes a third longer.
    """

    def factor_type(self) -> torch.dtype:
        """bfloat16 in a net of that type, where the processor multiplies it faster."""
        short = self.place.dtype == torch.bfloat16 and multiplies_bfloat16(self.place.device.type)
        return torch.bfloat16 if short else torch.float32

    def size(self, shape: tuple[int, ...]) -> int:
        """The tile size that takes the fewest products."""
        return best_size(self.given, shape)

    def stores(self, kernel_bytes: int, calls: int) -> bool:
        """On a CPU, from the second call on, where they take little of the machine's memory."""
        return self.place.device.type == "cpu" and calls > 1 and kernel_bytes <= _SHARE * machine_memory()

    def transform(self, size: int) -> Transform:
        """Fourier's matrices."""
        return frequency_transform(size, self.given.kernel[0])
