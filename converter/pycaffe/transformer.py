"""`caffe.io.Transformer`: images into a net's input, and back.

Source: python/caffe/io.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from converter.pycaffe.warp import resize_image

Array = npt.NDArray[Any]


class Transformer:
    """Steps from an image (h, w, k) to an input (k, h, w), each set by name of the input and left out where not set.

    Args:
        inputs: shape of each input, (n, k, h, w), by name.
    """

    def __init__(self, inputs: Mapping[str, Sequence[int]]) -> None:
        self.inputs = inputs
        self.transpose: dict[str, Sequence[int]] = {}
        self.channel_swap: dict[str, Sequence[int]] = {}
        self.raw_scale: dict[str, float] = {}
        self.mean: dict[str, Array] = {}
        self.input_scale: dict[str, float] = {}

    def preprocess(self, in_: str, data: Array) -> Array:
        """An image as the net takes it, float32.

        In this order: resize to the input's height and width, transpose, swap channels, times raw_scale, minus mean,
        times input_scale.

        Raises:
            ValueError: no such input.
        """
        self._check_input(in_)
        values = data.astype(np.float32, copy=False)
        size = tuple(self.inputs[in_][2:])
        if values.shape[:2] != size:
            values = resize_image(values, size)
        if in_ in self.transpose:
            values = values.transpose(self.transpose[in_])
        if in_ in self.channel_swap:
            values = values[list(self.channel_swap[in_]), :, :]
        if in_ in self.raw_scale:
            values = values * np.float32(self.raw_scale[in_])
        if in_ in self.mean:
            values = (values - self.mean[in_]).astype(np.float32)
        if in_ in self.input_scale:
            values = values * np.float32(self.input_scale[in_])
        return values

    def deprocess(self, in_: str, data: Array) -> Array:
        """The way back, without the resizing: an input (1, k, h, w) or (k, h, w) as an image.

        Raises:
            ValueError: no such input.
        """
        self._check_input(in_)
        values: Array = data.copy().squeeze()
        if in_ in self.input_scale:
            values = values / np.float32(self.input_scale[in_])
        if in_ in self.mean:
            values = values + self.mean[in_]
        if in_ in self.raw_scale:
            values = values / np.float32(self.raw_scale[in_])
        if in_ in self.channel_swap:
            values = values[np.argsort(self.channel_swap[in_]), :, :]
        if in_ in self.transpose:
            values = values.transpose(tuple(np.argsort(self.transpose[in_])))
        return values

    def set_transpose(self, in_: str, order: Sequence[int]) -> None:
        """Order of the axes: (2, 0, 1) makes (k, h, w) of (h, w, k).

        Raises:
            ValueError: no such input, or another number of axes than it has.
        """
        self._check_input(in_)
        if len(order) != len(self.inputs[in_]) - 1:
            text = f"Transpose order needs to have the same number of dimensions as the input: {order} for"
            raise ValueError(f"{text} {tuple(self.inputs[in_])}")
        self.transpose[in_] = order

    def set_channel_swap(self, in_: str, order: Sequence[int]) -> None:
        """Order of the channels, after the transpose: (2, 1, 0) makes B, G, R of R, G, B.

        Raises:
            ValueError: no such input, or another number of channels than it has.
        """
        self._check_input(in_)
        if len(order) != self.inputs[in_][1]:
            text = f"Channel swap needs to have the same number of dimensions as the input channels: {order} for"
            raise ValueError(f"{text} {self.inputs[in_][1]}")
        self.channel_swap[in_] = order

    def set_raw_scale(self, in_: str, scale: float) -> None:
        """Factor before the mean is subtracted: 255 for images in 0 to 1 and nets trained on 0 to 255.

        Raises:
            ValueError: no such input.
        """
        self._check_input(in_)
        self.raw_scale[in_] = scale

    def set_mean(self, in_: str, mean: Array) -> None:
        """Mean to subtract: a number a channel, or (k, h, w), which is resized to the input.

        Raises:
            ValueError: no such input, or a mean that does not fit it.
        """
        self._check_input(in_)
        shape = tuple(self.inputs[in_][1:])
        if mean.ndim == 1:
            if len(mean) != shape[0]:
                raise ValueError(f"Mean channels incompatible with input: {len(mean)} for {shape[0]}")
            self.mean[in_] = mean[:, None, None]
            return
        full = mean[None] if mean.ndim == 2 else mean
        if full.ndim != 3:
            raise ValueError(f"Mean shape invalid: {mean.shape}; expected (k,) or (k, h, w)")
        if full.shape != shape:
            full = resize_image(full.transpose(1, 2, 0), shape[1:]).transpose(2, 0, 1)
        self.mean[in_] = full

    def set_input_scale(self, in_: str, scale: float) -> None:
        """Factor after the mean was subtracted.

        Raises:
            ValueError: no such input.
        """
        self._check_input(in_)
        self.input_scale[in_] = scale

    def _check_input(self, in_: str) -> None:
        if in_ not in self.inputs:
            raise ValueError(f"{in_} is not one of the net inputs: {', '.join(map(repr, self.inputs))}")
