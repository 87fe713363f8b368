"""Pooling over planes.

Maximum with its position, average with Caffe's divisor, and stochastic pooling's expectation.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reference.geometry import Window
from reference.layer import Array
from reference.memory import check_size

FLOAT_MAX = float(np.finfo(np.float32).max)


def _taps(
    x: Array, window: Window, sizes: tuple[int, ...]
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.intp], Array]]:
    """For every place in the window: which outputs have a pixel there, that pixel's flat index, its value."""
    height, width = x.shape[2:]
    starts = [np.arange(size) * s - pad for size, s, pad in zip(sizes, window.stride, window.pad, strict=True)]
    steps = [
        _reaching_steps(start, kernel, extent)
        for start, kernel, extent in zip(starts, window.kernel, x.shape[2:], strict=True)
    ]
    for row, column in itertools.product(*steps):
        rows, columns = starts[0] + row, starts[1] + column
        inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
        rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
        yield inside, rows[:, None] * width + columns, x[:, :, rows[:, None], columns]


def _reaching_steps(starts: NDArray[np.intp], kernel: int, extent: int) -> list[int]:
    """The steps into a window that reach a pixel for some window: a window may be far larger than the plane."""
    if kernel <= extent:
        return [*range(kernel)]
    steps = np.unique(np.arange(extent) - starts[:, None])
    return [int(step) for step in steps if 0 <= step < kernel]


def maximum(x: Array, window: Window, sizes: tuple[int, ...]) -> tuple[Array, Array]:
    """The largest pixel of each window and its flat index in the plane; the first of equals, never a NaN.

    A window without a pixel gives -FLT_MAX and index -1. x: (n, c, h, w); both results: (n, c, *sizes).
    """
    check_size(*x.shape[:2], *sizes)
    best = np.full((*x.shape[:2], *sizes), -FLOAT_MAX, x.dtype)
    where = np.full(best.shape, -1, x.dtype)
    for inside, index, value in _taps(x, window, sizes):
        wins = inside & (value > best)
        np.copyto(best, value, where=wins)
        np.copyto(where, np.broadcast_to(index, best.shape).astype(x.dtype), where=wins)
    return best, where


def _extent(size: int, kernel: int, stride: int, pad: int, count: int) -> NDArray[np.intp]:
    starts = np.arange(count) * stride - pad
    return np.minimum(starts + kernel, size + pad) - starts


def average(x: Array, window: Window, sizes: tuple[int, ...]) -> Array:
    """x: (n, c, h, w) -> each window's sum over its area, padding counted as far as the pad reaches, no further."""
    check_size(*x.shape[:2], *sizes)
    total = np.zeros((*x.shape[:2], *sizes), x.dtype)
    for inside, _, value in _taps(x, window, sizes):
        total += np.where(inside, value, 0)
    rows, columns = (
        _extent(x.shape[2 + axis], window.kernel[axis], window.stride[axis], window.pad[axis], sizes[axis])
        for axis in (0, 1)
    )
    return np.asarray(total / (rows[:, None] * columns))


def stochastic(x: Array, window: Window, sizes: tuple[int, ...]) -> Array:
    """Test-time stochastic pooling (pooling_layer.cu): pixels weighted by themselves, 0 where they sum to nothing."""
    check_size(*x.shape[:2], *sizes)
    total = np.zeros((*x.shape[:2], *sizes), x.dtype)
    squares = np.zeros_like(total)
    for inside, _, value in _taps(x, window, sizes):
        value = np.where(inside, value, 0)
        total += value
        squares += value * value
    return np.where(total > 0, squares / np.where(total > 0, total, 1), 0)
