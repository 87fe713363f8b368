"""Convolution in the frequency domain: a large kernel as products of spectra, a small tile at a time.

fc6 (7×7, dilation 4, 512 to 4096 channels) is more than half of all work of a DilatedNet. A dilation of d makes d²
images that do not touch each other: every d-th row and column. On these the kernel is undilated, and a tile of N×N
inputs gives (N - 6)² outputs by overlap-save (Oppenheim and Schafer, section 8.7): transform tile and kernel, multiply,
transform back. Transforms of so few numbers are matrix products; for N = 12 that leaves 5.9 products an output and pair
of channels instead of 49, and an error a fifth of the direct sum's. A complex product is taken as three real ones
(Gauss), so that everything is float32 matrix products, the fastest thing a machine does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from converter.fast.convolution.filter import Filter, Place, bias_of, hand_back
from converter.fast.matmul import has_avx512, matmul_on

Matrix = NDArray[np.float32]

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
_BLOCK = {"cpu": 1 << 27, "cuda": 1 << 30}
"""Bytes for the spectra of a block of kernels and of their outputs."""
_BAND = {"cpu": 1 << 28, "cuda": 1 << 32}
"""Bytes for the spectra of the input; a larger input goes through in bands of rows."""


@dataclass(frozen=True, slots=True)
class Transform:
    """Matrices for tiles of `size`: y = back @ ((tile @ x) * (kernel @ w)) correlates x with w, all flattened.

    `tile`: (planes, size²), `kernel`: (planes, k²), `back`: (outputs², planes), outputs = size - k + 1.
    """

    tile: Matrix
    kernel: Matrix
    back: Matrix


@cache
def transform(size: int, k: int) -> Transform:
    """The matrices of a tile size and a kernel size, from one frequency of each conjugate pair.

    With X = Xr + i Xi and W alike, X times the conjugate of W is (a + c) + i (a - b), where a = (Xr + Xi) Wr,
    b = Xr (Wr + Wi), c = Xi (Wi - Wr). The four frequencies that are their own conjugates are real.
    """
    place, outputs = np.arange(size), size - k + 1
    tile: list[NDArray[np.float64]] = []
    kernel: list[NDArray[np.float64]] = []
    back: list[NDArray[np.float64]] = []
    for u, v, paired in _frequencies(size):
        angle = 2 * np.pi * (u * place[:, None] + v * place) / size
        re, im = np.cos(angle), -np.sin(angle)
        wr, wi = re[:k, :k], im[:k, :k]
        cosine, sine = re[:outputs, :outputs] / size**2, -im[:outputs, :outputs] / size**2
        if not paired:
            tile, kernel, back = [*tile, re], [*kernel, wr], [*back, cosine]
            continue
        tile += [re + im, re, im]
        kernel += [wr, wr + wi, wi - wr]
        back += [2 * (cosine - sine), 2 * sine, 2 * cosine]
    flat = [np.stack(planes).reshape(len(planes), -1).astype(np.float32) for planes in (tile, kernel, back)]
    return Transform(flat[0], flat[1], np.ascontiguousarray(flat[2].T))


def _frequencies(size: int) -> list[tuple[int, int, bool]]:
    """One of each pair (u, v) and (-u, -v), and whether the two differ."""
    every = ((u, v) for u in range(size) for v in range(size))
    return [(u, v, (u, v) != (-u % size, -v % size)) for u, v in every if (u, v) <= (-u % size, -v % size)]


def planes(size: int) -> int:
    """Real products a tile of `size`×`size`: three for each pair of frequencies, one for each of the four others."""
    return 4 + 3 * (size * size - 4) // 2


def products(given: Filter, shape: tuple[int, ...], size: int) -> float:
    """Products a pair of channels takes with tiles of `size`, the kernels' transform included."""
    k = given.kernel[0]
    return planes(size) * (_tiles(given, shape, size) + _TRANSFORM * k * k)


def best_size(given: Filter, shape: tuple[int, ...]) -> int:
    """The tile size that takes the fewest products for an input of `shape` (n, c, h, w)."""
    sizes = [size for size in _SIZES if size > given.kernel[0]]
    return min((products(given, shape, size), size) for size in sizes)[1]


def fits_frequency_domain(given: Filter) -> bool:
    """Whether the algorithm fits and pays: a large kernel, or a 3×3 one between many channels without AVX-512."""
    into, out = given.weight.shape[:2]
    many = into * out >= _MANY_CHANNELS * (into + out) and not has_avx512()
    return has_large_kernel(given) or (many and _fits(given) and given.kernel[0] > 1)


def has_large_kernel(given: Filter) -> bool:
    """Whether the algorithm fits and pays on any processor."""
    return _fits(given) and given.kernel[0] >= _SMALLEST_KERNEL


def _fits(given: Filter) -> bool:
    """A square kernel, alike in both axes, tiles to hold it, channels enough."""
    (kh, kw), (dh, dw) = given.kernel, given.dilation
    square = kh == kw and dh == dw and kh < max(_SIZES)
    return square and given.plain and min(given.weight.shape[:2]) >= _FEWEST_CHANNELS


def saves(given: Filter, shape: tuple[int, ...]) -> bool:
    """Whether the algorithm takes far fewer products for an input of `shape` (n, c, h, w) than the direct sum."""
    rows, columns = given.output_size(shape[2], shape[3])
    direct = shape[0] * rows * columns * given.kernel[0] ** 2
    return direct > _GAIN * products(given, shape, best_size(given, shape))


def _tiles(given: Filter, shape: tuple[int, ...], size: int) -> int:
    """Tiles of `size` in all of the batch's d² images each."""
    d, outputs = given.dilation[0], size - given.kernel[0] + 1
    rows, columns = (-(-side // (outputs * d)) for side in given.output_size(shape[2], shape[3]))
    return shape[0] * d * d * rows * columns


class FrequencyConvolution:
    """y = conv(x), rectified if asked for; weights are laid out once, at the first call, or not at all.

    Computed in float32; half precision rounds the weights and the output. A number that is not finite spoils the tile
    it lies in, not only what its kernel reaches.
    """

    def __init__(self, given: Filter, place: Place, *, packed: bool = True) -> None:
        self.given, self.place, self._packed = given, place, packed
        self._product = matmul_on(place.device.type)
        self._weight: Tensor | None = None
        self._bias: Tensor | None = None
        self._matrices: dict[int, list[Tensor]] = {}

    def __call__(self, x: Tensor) -> Tensor:
        """See `Algorithm`."""
        if self._weight is None:
            self._pack()
        f, x = self.given, x.float()
        size = best_size(f, tuple(x.shape))
        padded = F.pad(x, (f.pad[1], f.pad[1], f.pad[0], f.pad[0])) if any(f.pad) else x
        rows, columns = f.output_size(x.shape[2], x.shape[3])
        outputs, reach = f.weight.shape[0], f.dilation[0] * (f.kernel[0] - 1)
        y = torch.empty((x.shape[0], rows, columns, outputs), dtype=x.dtype, device=x.device)
        band = self._band(tuple(x.shape), size)
        for top in range(0, rows, band):
            part = y[:, top : top + band]
            self._run(padded[:, :, top : top + part.shape[1] + reach], size, part)
        return y.permute(0, 3, 1, 2).to(self.place.dtype)

    def _band(self, shape: tuple[int, ...], size: int) -> int:
        """Output rows at a time, a whole number of tiles."""
        step = self.given.dilation[0] * (size - self.given.kernel[0] + 1)
        rows = self.given.output_size(shape[2], shape[3])[0]
        every = 4 * planes(size) * shape[1] * _tiles(self.given, shape, size)
        strips = -(-rows // step)
        return step * max(1, strips * _BAND[self.place.device.type] // every)

    def _run(self, x: Tensor, size: int, y: Tensor) -> None:
        """x: (n, c, h, w), padded already -> y: (n, h', w', c_out), overwritten, a block of outputs at a time."""
        back, kernel, spectra, split = self._spectra(x, size, (y.shape[1], y.shape[2]))
        height, (count, channels) = len(kernel), spectra.shape[1:]
        block = min(self._block(height, count, channels), y.shape[3])
        rooms = [x.new_empty(height * block * channels), x.new_empty(height * block * count)]
        rooms.append(x.new_empty(len(back) * block * count))
        assert self._weight is not None
        for first in range(0, y.shape[3], block):
            last = min(first + block, y.shape[3])
            w, pairs, part = (
                room[: room.numel() // block * (last - first)].view(rows, -1)
                for room, rows in zip(rooms, (height, height, len(back)), strict=True)
            )
            self._product(kernel, self._weight[:, first * channels : last * channels], w)
            outputs = pairs.view(height, count, -1)
            self._product(spectra, w.view(height, -1, channels).transpose(1, 2), outputs)
            self._product(back, pairs, part)
            y[..., first:last] = self._scatter_blocks(part, split, (first, last))[:, : y.shape[1], : y.shape[2]]

    def _scatter_blocks(self, part: Tensor, split: tuple[int, ...], block: tuple[int, int]) -> Tensor:
        """Tiles' outputs (outputs², tiles c) with bias and rectification, at their places: (n, rows, columns, c)."""
        n, d, down, across, outputs = split
        part = part.view(len(part), -1, block[1] - block[0])
        if self._bias is not None:
            part += self._bias[block[0] : block[1]]
        if self.given.rectified:
            part.relu_()
        apart = part.view(outputs, outputs, n, d, d, down, across, -1).permute(2, 5, 0, 3, 6, 1, 4, 7)
        return apart.reshape(n, down * outputs * d, across * outputs * d, -1)

    def _block(self, count: int, tiles: int, channels: int) -> int:
        """Outputs at a time: a power of two, at least 16."""
        fitting = _BLOCK[self.place.device.type] // (4 * count * (tiles + channels))
        return max(16, 1 << max(0, fitting.bit_length() - 1))

    def _spectra(self, x: Tensor, size: int, wanted: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor, tuple[int, ...]]:
        """`back`, `kernel`, the tiles' spectra (planes, tiles, c), and (n, d, tile rows, tile columns, outputs)."""
        k, d = self.given.kernel[0], self.given.dilation[0]
        if size not in self._matrices:  # a CUDA graph takes no copy from the host: the run before it leaves them here
            made = transform(size, k)
            self._matrices[size] = [torch.from_numpy(m).to(x.device) for m in (made.tile, made.kernel, made.back)]
        tile, kernel, back = self._matrices[size]
        outputs = size - k + 1
        down, across = (-(-side // (outputs * d)) for side in wanted)
        missing = [
            (count * outputs + k - 1) * d - side for count, side in zip((down, across), x.shape[2:], strict=True)
        ]
        lines = F.pad(x, (0, missing[1], 0, missing[0])).permute(0, 2, 3, 1)
        n, rows, columns, channels = lines.shape
        apart = lines.reshape(n, rows // d, d, columns // d, d, channels)
        windows = apart.unfold(1, size, outputs).unfold(3, size, outputs)  # n, down, d, across, d, c, size, size
        flat = windows.permute(6, 7, 0, 2, 4, 1, 3, 5).reshape(size * size, -1)
        spectra = self._product(tile, flat, flat.new_empty(len(tile), flat.shape[1]))
        return back, kernel, spectra.view(len(tile), -1, channels), (n, d, down, across, outputs)

    def _pack(self) -> None:
        weight = self.given.weight.detach().to(self.place.device, self.place.dtype).float()
        self._bias = bias_of(self.given, self.place, torch.float32)
        self._weight = weight.reshape(-1, weight.shape[2] * weight.shape[3]).t()
        if self._packed:
            self._weight = self._weight.contiguous()
            hand_back(self.given.weight, self._weight)
