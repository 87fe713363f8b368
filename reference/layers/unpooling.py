"""Unpooling (DeconvNet's fork): the way back from a pooling, by the mask of maxima (MAX) or spread out (AVE, TILE).

The size is unpool_size (or unpool_h, unpool_w), else stride (i - 1) + kernel - 2 pad. AVE gives every place of a window
its value over the window's area, TILE the value itself; windows of TILE must not overlap.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.memory import check_size
from reference.params import Params
from reference.unpool import unpool_by_mask

TYPE = "Unpooling"
MESSAGES = ("unpooling_param",)


def _pair(params: Params, name: str, pair: tuple[str, str]) -> tuple[int, int]:
    if params.has(pair[0]) and params.has(pair[1]):
        return params.integer(pair[0]), params.integer(pair[1])
    return params.integer(name), params.integer(name)


def _scatter(x: Array, kernel: tuple[int, int], stride: tuple[int, int], pad: tuple[int, int], area: int) -> Array:
    n, c, h, w = x.shape
    check_size(n, c, stride[0] * (h - 1) + kernel[0], stride[1] * (w - 1) + kernel[1])
    full = np.zeros((n, c, stride[0] * (h - 1) + kernel[0], stride[1] * (w - 1) + kernel[1]), x.dtype)
    for row, column in np.ndindex(*kernel):
        rows = slice(row, row + stride[0] * (h - 1) + 1, stride[0])
        full[:, :, rows, slice(column, column + stride[1] * (w - 1) + 1, stride[1])] += x / area
    return full[:, :, pad[0] : full.shape[2] - pad[0], pad[1] : full.shape[3] - pad[1]]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w), mask like x for MAX; returns (n, c, h_out, w_out)."""
    layer.expect(bottoms, 1, 2)
    params, x = layer.params("unpooling_param"), bottoms[0]
    kernel = _pair(params, "kernel_size", ("kernel_h", "kernel_w"))
    stride = _pair(params, "stride", ("stride_h", "stride_w"))
    pad = _pair(params, "pad", ("pad_h", "pad_w"))
    method = params.choice("unpool")
    natural = tuple(s * (i - 1) + k - 2 * p for s, i, k, p in zip(stride, x.shape[2:], kernel, pad, strict=True))
    sized = params.has("unpool_size") or (params.has("unpool_h") and params.has("unpool_w"))
    size = _pair(params, "unpool_size", ("unpool_h", "unpool_w")) if sized else (natural[0], natural[1])
    if method == "MAX":
        layer.expect(bottoms, 2)
        return [unpool_by_mask(layer, x, bottoms[1], size)]
    if size != natural or (method == "TILE" and (stride[0] < kernel[0] or stride[1] < kernel[1])):
        raise layer.error(f"{method} to {size} is not supported; expected {natural}, and for TILE no overlap")
    return [_scatter(x, kernel, stride, pad, kernel[0] * kernel[1] if method == "AVE" else 1)]
