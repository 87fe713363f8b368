"""Convolution and its transpose: one matrix product per kernel tap over a strided slice, summed up.

y[o, t] = sum over i, k of w[o, i, k] x[i, s t + d k - p]: for a fixed tap k this is a matrix product over channels.
Output rows are taken in bands, so that memory beyond input and output stays bounded whatever the image's size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from reference.geometry import Window, conv_output_size
from reference.layer import Array
from reference.memory import check_size

_BAND_BYTES = 32 << 20
_CACHED_WEIGHT_BYTES = 64 << 20


def _pad(x: Array, window: Window) -> Array:
    """Zeros around, and behind as far as the only window of an axis reaches past its end."""
    pad = window.pad
    check_size(*x.shape[:2], *(size + 2 * p for size, p in zip(x.shape[2:], pad, strict=True)))
    rows = zip(x.shape[2:], pad, window.reach(), strict=True)
    sides = [(p, p + max(0, reach - size - 2 * p)) for size, p, reach in rows]
    return np.pad(x, [(0, 0), (0, 0), *sides]) if any(map(any, sides)) else x


class _Taps:
    """A weight as one (groups, out, in) matrix a tap, in the computation's precision, made on demand if large."""

    def __init__(self, weight: Array, groups: int, dtype: np.dtype[np.floating]) -> None:
        outputs, inputs = weight.shape[:2]
        self.weight = weight.reshape(groups, outputs // groups, inputs, -1)
        self.dtype = dtype
        small = weight.size * dtype.itemsize <= _CACHED_WEIGHT_BYTES
        self.cache = np.ascontiguousarray(np.moveaxis(self.weight, -1, 0), dtype) if small else None

    def __getitem__(self, tap: int) -> Array:
        if self.cache is not None:
            return np.asarray(self.cache[tap])
        return np.ascontiguousarray(self.weight[..., tap], self.dtype)


def _bands(rows: int, bytes_a_row: int) -> Iterator[slice]:
    step = max(1, _BAND_BYTES // max(1, bytes_a_row))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def _tap_slices(tap: tuple[int, ...], window: Window, counts: tuple[int, ...], first: int) -> tuple[slice, ...]:
    starts = [t * d for t, d in zip(tap, window.dilation, strict=True)]
    starts[0] += first * window.stride[0]
    rows = zip(starts, window.stride, counts, strict=True)
    return tuple(slice(start, start + stride * (count - 1) + 1, stride) for start, stride, count in rows)


def convolve(x: Array, weight: Array, window: Window, groups: int = 1, bias: Array | None = None) -> Array:
    """Cross-correlation, the kernel not flipped.

    x: (n, c_in, *sizes); weight: (c_out, c_in / groups, *kernel); bias: (c_out,); returns (n, c_out, *output sizes).
    Source: src/caffe/layers/base_conv_layer.cpp.
    """
    sizes = conv_output_size(window, x.shape[2:])
    outputs = weight.shape[0]
    if min(sizes, default=1) < 1:
        raise ValueError(f"a window that reaches over {window.reach()} has no place in {x.shape[2:]}")
    check_size(x.shape[0], outputs, *sizes)
    result = np.empty((x.shape[0], outputs, *sizes), x.dtype)
    padded = _pad(x, window)
    taps = _Taps(weight, groups, x.dtype)
    row = outputs * math.prod(sizes[1:]) * x.itemsize
    for item, target in zip(padded, result, strict=True):
        for band in _bands(sizes[0] if sizes else 1, row):
            target[:, band] = _band(item, taps, window, (band.stop - band.start, *sizes[1:]), band.start)
    if bias is not None:
        result += bias.reshape(-1, *(1 for _ in sizes))
    return result


def _band(item: Array, taps: _Taps, window: Window, counts: tuple[int, ...], first: int) -> Array:
    groups, outputs, inputs = taps.weight.shape[:3]
    total = np.zeros((groups, outputs, math.prod(counts)), item.dtype)
    product = np.empty_like(total)
    for index, tap in enumerate(np.ndindex(*window.kernel)):
        piece = item[(slice(None), *_tap_slices(tap, window, counts, first))]
        np.matmul(taps[index], np.ascontiguousarray(piece).reshape(groups, inputs, -1), out=product)
        total += product
    return total.reshape(groups * outputs, *counts)


def deconvolve(x: Array, weight: Array, window: Window, groups: int = 1, bias: Array | None = None) -> Array:
    """The transpose of `convolve`: every input value spreads the kernel over the output; o = s (i - 1) + reach - 2 p.

    x: (n, c_in, *sizes); weight: (c_in, c_out / groups, *kernel); bias: (c_out,); returns (n, c_out, *output sizes).
    Source: src/caffe/layers/deconv_layer.cpp.
    """
    sizes = x.shape[2:]
    rows = zip(sizes, window.stride, window.reach(), strict=True)
    full = tuple(stride * (size - 1) + reach for size, stride, reach in rows)
    if any(size <= 2 * pad for size, pad in zip(full, window.pad, strict=True)):
        raise ValueError(f"pad {window.pad} leaves nothing of an output of {full}")
    outputs = weight.shape[1] * groups
    by_output = weight.reshape(groups, x.shape[1] // groups, weight.shape[1], -1)
    check_size(x.shape[0], outputs, *full)
    result = np.zeros((x.shape[0], outputs, *full), x.dtype)
    for item, target in zip(x, result, strict=True):
        flat = item.reshape(groups, x.shape[1] // groups, -1)
        for index, tap in enumerate(np.ndindex(*window.kernel)):
            spread = np.matmul(by_output[..., index].swapaxes(1, 2).astype(x.dtype), flat)
            target[(slice(None), *_tap_slices(tap, window, sizes, 0))] += spread.reshape(outputs, *sizes)
    inner = tuple(slice(pad, size - pad) for pad, size in zip(window.pad, full, strict=True))
    result = result[(slice(None), slice(None), *inner)]
    return result if bias is None else result + bias.reshape(-1, *(1 for _ in sizes))
