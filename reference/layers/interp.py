"""Interp (DeepLab's and PSPNet's forks): bilinear resizing with the corner pixels' centers kept in place.

The size is a second bottom's (PSPNet's fork), or height by width, or the first's (cut by negative pads) shrunk by
shrink_factor, then grown by zoom_factor.
Places are float32, whatever the net's precision, as in the original (src/caffe/util/interp.cpp of these forks).
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.memory import check_size
from reference.params import Params

TYPE = "Interp"
MESSAGES = ("interp_param",)


def _size(params: Params, extent: int, name: str) -> int:
    if params.has("height") and params.has("width"):
        return params.integer(name)
    shrink, zoom = params.integer("shrink_factor"), params.integer("zoom_factor")
    shrunk = (extent - 1) // max(1, shrink) + 1
    return shrunk + (shrunk - 1) * (zoom - 1)


def _resize(x: Array, axis: int, size: int) -> Array:
    extent = x.shape[axis]
    ratio = np.float32(extent - 1) / np.float32(size - 1) if size > 1 else np.float32(0)
    places = ratio * np.arange(size, dtype=np.float32)
    first = places.astype(np.int64)
    share = (places - first.astype(np.float32)).astype(x.dtype).reshape(-1, *(1,) * (x.ndim - 1 - axis))
    second = np.minimum(first + 1, extent - 1)
    return np.asarray((1 - share) * np.take(x, first, axis) + share * np.take(x, second, axis))


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w); returns (n, c, h_out, w_out)."""
    layer.expect(bottoms, 1, 2)
    params, x = layer.params("interp_param"), bottoms[0]
    before, after = params.integer("pad_beg"), params.integer("pad_end")
    if before > 0 or after > 0:
        raise layer.error(f"pad_beg is {before} and pad_end {after}; they cut, so they must be 0 or less")
    x = x[:, :, -before : x.shape[2] + after, -before : x.shape[3] + after]
    sizes = _size(params, x.shape[2], "height"), _size(params, x.shape[3], "width")
    if len(bottoms) == 2:
        sizes = bottoms[1].shape[2], bottoms[1].shape[3]
    if min(sizes + x.shape[2:]) < 1:
        raise layer.error(f"cannot make {sizes} of {x.shape[2:]}")
    check_size(*x.shape[:2], *sizes)
    return [_resize(_resize(x, 2, sizes[0]), 3, sizes[1])]
