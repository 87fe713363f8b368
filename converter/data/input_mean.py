"""A mean as it is taken off a net's input: one number a channel, or an image of the input's own size."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.errors import ImageError

Array = np.ndarray[Any, np.dtype[Any]]


def fit_mean(mean: Array, size: tuple[int, int]) -> Array:
    """The mean of an input of three channels and `size` (height, width): (3, 1, 1), or (3, h, w) of that size.

    Caffe's own data layer and pycaffe's Transformer take no other size either (src/caffe/data_transformer.cpp,
    python/caffe/io.py), up to the crop that the data layer cuts from both alike.

    Args:
        mean: three numbers, or (3, h, w), B, G, R.
        size: the input's height and width.

    Raises:
        ImageError: of other channels or another size; tells the means of the channels, which fit any input.
    """
    mean = np.asarray(mean, np.float32)
    mean = mean[:, None, None] if mean.ndim == 1 else mean
    if mean.ndim != 3 or mean.shape[0] != 3:
        raise ImageError(
            f"a mean of shape {_text(mean.shape)}; expected three channels, B, G, R: three numbers or 3×h×w"
        )
    if np.array_equal(mean.min((1, 2)), mean.max((1, 2))):
        return mean[:, :1, :1]
    if mean.shape[1:] != size:
        means = ",".join(f"{value:.2f}" for value in mean.mean((1, 2), dtype=float))
        raise ImageError(
            f"a mean of {_text(mean.shape)} for an input of {_text((3, *size))}; they must be equal; "
            f"or give the means of its channels, {means}"
        )
    return mean


def _text(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
