"""Unpooling (DeconvNet's fork): the way back from a pooling, by the mask of maxima (MAX) or over windows (AVE, TILE).

The plane is unpool_size, or unpool_h by unpool_w; one of the two must stand. MAX without a mask puts a value at its
window's first place. AVE gives every place of a window the value over the window's area, TILE the value itself; windows
are cut at the plane's end, and where they overlap values add up.
Source: src/caffe/layers/unpooling_layer.cpp of HyeonwooNoh/caffe.
"""

from __future__ import annotations

import numpy as np

from reference.geometry import pooling_pair
from reference.layer import Array, Layer
from reference.memory import check_size
from reference.unpool import unpool_by_mask

TYPE = "Unpooling"
MESSAGES = ("unpooling_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w), mask like x for MAX; returns (n, c, unpool_h, unpool_w)."""
    layer.expect(bottoms, 1, 2)
    params, x = layer.params("unpooling_param"), bottoms[0]
    if x.ndim != 4:
        raise layer.error(f"the bottom has {x.ndim} axes; expected 4")
    kernel = pooling_pair(params, "kernel_size", ("kernel_h", "kernel_w"), None)
    stride = pooling_pair(params, "stride", ("stride_h", "stride_w"), 1)
    size = pooling_pair(params, "unpool_size", ("unpool_h", "unpool_w"), None)
    if min(*kernel, *stride, *size) < 1:
        raise layer.error(f"kernel {kernel}, stride {stride} and unpool size {size} must be positive")
    if max(pooling_pair(params, "pad", ("pad_h", "pad_w"), 0)) != 0:
        raise layer.error("has a pad; the fork takes none")
    method = params.choice("unpool")
    if len(bottoms) > 1:
        if bottoms[1].shape != x.shape:
            raise layer.error(f"the mask has shape {bottoms[1].shape}; expected {x.shape}")
        if method == "MAX":
            return [unpool_by_mask(layer, x, bottoms[1], size)]
    return [_by_windows(x, kernel, stride, size, method)]


def _by_windows(x: Array, kernel: tuple[int, int], stride: tuple[int, int], size: tuple[int, int], way: str) -> Array:
    """Each value put into its window, one window after the other."""
    check_size(*x.shape[:2], *size)
    plane = np.zeros((*x.shape[:2], *size), x.dtype)
    for row, column in np.ndindex(*x.shape[2:]):
        top, left = row * stride[0], column * stride[1]
        values = x[:, :, row, column]
        if way == "MAX":
            plane[:, :, min(top, size[0] - 1), min(left, size[1] - 1)] = values
            continue
        window = plane[:, :, top : top + kernel[0], left : left + kernel[1]]
        area = window.shape[2] * window.shape[3] if way == "AVE" else 1
        window += (values / max(area, 1))[:, :, None, None]
    return plane
