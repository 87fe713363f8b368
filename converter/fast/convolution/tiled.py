"""A convolution by transformed tiles: what the frequency-domain algorithm and Winograd's have in common.

A dilation of d makes d² images that do not touch each other: every d-th row and column. On these the kernel is
undilated. Their tiles are transformed, multiplied by the transformed kernel plane by plane, and transformed back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from converter.fast.convolution.filter import Filter, Place, bias_of, release_pages
from converter.fast.convolution.transform import Transform
from converter.fast.matmul import products_on

Split = tuple[int, int, int, int, int]
"""Batch, dilation, rows and columns of tiles, and outputs a side of a tile."""


class TiledConvolution:
    """y = conv(x), rectified if asked for. A subclass says by which transform, and in which portions.

    Computed in float32; half precision rounds the weights and the output, or, where a subclass says so, both transforms
    in place of the weights. A number that is not finite spoils the tile it lies in, not only what its kernel reaches.
    """

    BLOCK: ClassVar[Mapping[str, int]] = {"cpu": 1 << 28, "cuda": 1 << 30}
    """Bytes for the transforms of a block of kernels and of their outputs."""
    BAND: ClassVar[Mapping[str, int]] = {"cpu": 1 << 28, "cuda": 1 << 32}
    """Bytes for the transform of the input; a larger input goes through in bands of rows."""

    def __init__(self, given: Filter, place: Place) -> None:
        self.given, self.place = given, place
        self.factors = self.factor_type()
        self._products = products_on(place.device.type)
        self._weight: Tensor | None = None
        self._bias: Tensor | None = None
        self._matrices: dict[int, list[Tensor]] = {}
        self._calls = 0
        self._stored: tuple[int, Tensor] | None = None

    def size(self, shape: tuple[int, ...]) -> int:
        """Rows and columns of a tile for an input of `shape` (n, c, h, w)."""
        raise NotImplementedError

    def transform(self, size: int) -> Transform:
        """The matrices for tiles of `size`."""
        raise NotImplementedError

    def stores(self, kernel_bytes: int, calls: int) -> bool:
        """Whether the kernel's transform of `kernel_bytes` is stored at the call of this number, from 1 on."""
        raise NotImplementedError

    def factor_type(self) -> torch.dtype:
        """The type of both transforms; their products are summed in float32."""
        return torch.float32

    def __call__(self, x: Tensor) -> Tensor:
        """See `Algorithm`."""
        f, x = self.given, x.float()
        size = self.size(tuple(x.shape))
        if self._weight is None:
            self._pack()
        self._store(size)
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
        every = 4 * len(self._on_device(size)[0]) * shape[1] * count_tiles(self.given, shape, size)
        strips = -(-rows // step)
        return step * max(1, strips * self.BAND[self.place.device.type] // every)

    def _run(self, x: Tensor, size: int, y: Tensor) -> None:
        """x: (n, c, h, w), padded already -> y: (n, h', w', c_out), overwritten, a block of outputs at a time."""
        tile, _, back = self._on_device(size)
        flat, split = self._windows(x, size, (y.shape[1], y.shape[2]))
        spectra = self._products.flat(tile, flat, flat.new_empty(len(tile), flat.shape[1]))
        spectra = spectra.to(self.factors).view(len(tile), -1, x.shape[1])
        height, count = spectra.shape[:2]
        block = min(self._block(height, count, x.shape[1]), y.shape[3])
        # Rooms are made once a call: fresh pages for each block would cost more than what is computed into them.
        rooms = [x.new_empty(planes * block * count) for planes in (height, len(back))]
        room = x.new_empty(0 if self._has_stored(size) else height * block * x.shape[1], dtype=self.factors)
        for first in range(0, y.shape[3], block):
            last = min(first + block, y.shape[3])
            pairs, part = (
                space[: space.numel() // block * (last - first)].view(planes, -1)
                for space, planes in zip(rooms, (height, len(back)), strict=True)
            )
            self._products.planes(spectra, self._kernel(size, first, last, room), pairs.view(height, count, -1))
            self._products.flat(back, pairs, part)
            y[..., first:last] = self._scatter_blocks(part, split, (first, last))[:, : y.shape[1], : y.shape[2]]

    def _kernel(self, size: int, first: int, last: int, room: Tensor) -> Tensor:
        """The transform of the kernels of some outputs, stored or made in `room`: (planes, outputs, c)."""
        assert self._weight is not None
        if self._stored is not None and self._has_stored(size):
            return self._stored[1][:, first:last]
        channels = self.given.weight.shape[1]
        rows, kernel = self._weight[first * channels : last * channels], self._on_device(size)[1]
        made = self._products.kernel(kernel, rows, room[: len(kernel) * len(rows)].view(len(kernel), -1))
        return made.view(len(kernel), -1, channels)

    def _scatter_blocks(self, part: Tensor, split: Split, block: tuple[int, int]) -> Tensor:
        """Tiles' outputs (outputs², tiles c) with bias and rectification, at their places: (n, rows, columns, c)."""
        n, d, down, across, outputs = split
        part = part.view(len(part), -1, block[1] - block[0])
        if self._bias is not None:
            part += self._bias[block[0] : block[1]]
        if self.given.rectified:
            part.relu_()
        apart = part.view(outputs, outputs, n, d, d, down, across, -1).permute(2, 5, 0, 3, 6, 1, 4, 7)
        return apart.reshape(n, down * outputs * d, across * outputs * d, -1)

    def _block(self, planes: int, tiles: int, channels: int) -> int:
        """Outputs at a time: a power of two, at least 16."""
        fitting = self.BLOCK[self.place.device.type] // (4 * planes * (tiles + channels))
        return max(16, 1 << max(0, fitting.bit_length() - 1))

    def _windows(self, x: Tensor, size: int, wanted: tuple[int, int]) -> tuple[Tensor, Split]:
        """The tiles of x (n, c, h, w) for `wanted` rows and columns of outputs: (size², tiles c)."""
        k, d = self.given.kernel[0], self.given.dilation[0]
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
        return flat, (n, d, down, across, outputs)

    def _on_device(self, size: int) -> list[Tensor]:
        """The matrices of tile, kernel and way back; a CUDA graph takes no copy from the host, its first run does."""
        if size not in self._matrices:
            made = self.transform(size)
            self._matrices[size] = [
                torch.from_numpy(matrix).to(self.place.device) for matrix in (made.tile, made.kernel, made.back)
            ]
        return self._matrices[size]

    def _pack(self) -> None:
        kind = self.place.dtype if self.factors == torch.float32 else torch.float32  # rounded once
        weight = self.given.weight.detach().to(self.place.device, kind).float()
        self._bias = bias_of(self.given, self.place, torch.float32)
        self._weight = weight.reshape(-1, weight.shape[2] * weight.shape[3])
        release_pages(self.given.weight, self._weight)

    def _has_stored(self, size: int) -> bool:
        return self._stored is not None and self._stored[0] == size

    def _store(self, size: int) -> None:
        """Store the kernel's transform, where the algorithm does; of another size it is then made at each call."""
        assert self._weight is not None
        self._calls += 1
        kernel, channels = self._on_device(size)[1], self.given.weight.shape[:2]
        kernel_bytes = self.factors.itemsize * len(kernel) * channels[0] * channels[1]
        if self._stored is None and self.stores(kernel_bytes, self._calls):
            whole = self._weight.new_empty(len(kernel), len(self._weight), dtype=self.factors)
            self._stored = size, self._products.kernel(kernel, self._weight, whole).view(len(kernel), *channels)


def count_tiles(given: Filter, shape: tuple[int, ...], size: int) -> int:
    """Tiles of `size` in all of the batch's d² images each, for an input of `shape` (n, c, h, w)."""
    d, outputs = given.dilation[0], size - given.kernel[0] + 1
    rows, columns = (-(-side // (outputs * d)) for side in given.output_size(shape[2], shape[3]))
    return shape[0] * d * d * rows * columns
