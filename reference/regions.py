"""Grids laid over boxes of a feature map, in float32 as the R-CNN forks compute them."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer


def round_half_away(values: Array) -> list[int]:
    """C's round, of any shape: to the nearest whole number, halves away from zero."""
    return [int(np.sign(value) * np.floor(np.abs(value) + 0.5)) for value in values.astype(np.float64)]


def item_of(layer: Layer, box: Array, items: int) -> int:
    """The item that a box (item, left, top, right, bottom) belongs to; raises LayerError where there is none such."""
    item = int(box[0])
    if not 0 <= item < items:
        raise layer.error(f"a box names item {item} of {items}")
    return item


def bin_slices(start: float | np.float32, extent: np.float32, count: int, limit: int) -> list[slice]:
    """`count` bins of equal size from `start` on, rounded outwards to whole pixels and cut to 0..limit."""
    size = np.float32(extent) / np.float32(count)
    slices = []
    for index in range(count):
        if isinstance(start, int):
            first = int(np.floor(np.float32(index) * size)) + start
            last = int(np.ceil(np.float32(index + 1) * size)) + start
        else:
            first = int(np.floor(np.float32(index) * size + np.float32(start)))
            last = int(np.ceil(np.float32(index + 1) * size + np.float32(start)))
        first, last = min(max(first, 0), limit), min(max(last, 0), limit)
        slices.append(slice(first, max(first, last)))
    return slices
