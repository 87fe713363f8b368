"""Caffe's MemoryData layer: batches of arrays that the program hands over. No torch here.

Source: src/caffe/layers/memory_data_layer.cpp, python/caffe/_caffe.cpp (Net_SetInputArrays).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter.data.transforms import Array
from converter.errors import DatasetError
from converter.net.net import Layer


@dataclass(slots=True)
class MemoryData:
    """Batches of (batch, c, h, w) and (batch, 1, 1, 1), from the arrays' beginning on and round again."""

    tops: tuple[str, ...]
    shape: tuple[int, int, int, int]
    data: Array | None = None
    labels: Array | None = None
    _base: int | None = None

    @classmethod
    def of(cls, layer: Layer, seed: int) -> MemoryData:
        """The layer that a memory_data_param describes.

        Raises:
            UnsupportedParameterError: a size is missing or 0.
        """
        del seed
        view = layer.params().message("memory_data_param")
        sizes = []
        for name in ("batch_size", "channels", "height", "width"):
            sizes.append(view.integer(name, 0))
            if sizes[-1] < 1:
                raise view.error(name, "must be more than 0", "the layer cannot do without it")
        return cls(layer.tops, (sizes[0], sizes[1], sizes[2], sizes[3]))

    def set_arrays(self, data: Array, labels: Array) -> None:
        """Hand over the items; the next batch is their first.

        Args:
            data: (n, c, h, w) float32, C-contiguous, n a multiple of the batch size.
            labels: (n,) or (n, 1, 1, 1) float32.

        Raises:
            DatasetError: arrays of another kind or shape.
        """
        labels = labels.reshape(-1, 1, 1, 1) if labels.ndim == 1 else labels
        for name, array, wanted in (("data", data, self.shape[1:]), ("labels", labels, (1, 1, 1))):
            if not array.flags.c_contiguous or array.dtype != np.float32 or array.shape[1:] != wanted:
                seen = f"{array.dtype} {array.shape}{'' if array.flags.c_contiguous else ', not C-contiguous'}"
                raise DatasetError(f"{name} array is {seen}; expected C-contiguous float32 (n, {wanted}); convert it")
        if len(data) != len(labels) or not len(data) or len(data) % self.shape[0]:
            text = f"{len(data)} items and {len(labels)} labels for batches of {self.shape[0]}"
            raise DatasetError(f"{text}; expected as many of both, a multiple of the batch size")
        self.data, self.labels, self._base = data, labels, None

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the tops, as the net is built with them."""
        return dict(zip(self.tops, (self.shape, (self.shape[0],)), strict=False))

    def inputs(self, number: int) -> dict[str, Array]:
        """Batch `number` by top, counted from the first that was asked for.

        Raises:
            DatasetError: no arrays were handed over.
        """
        if self.data is None or self.labels is None:
            raise DatasetError("MemoryData has no arrays; call set_input_arrays(data, labels) first")
        if self._base is None:
            self._base = number
        first = (number - self._base) * self.shape[0] % len(self.data)
        rows = slice(first, first + self.shape[0])
        return dict(zip(self.tops, (self.data[rows], self.labels[rows]), strict=False))
