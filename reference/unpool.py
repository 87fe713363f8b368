"""Puts pooled values back where a mask says they came from (SegNet's and DeconvNet's forks)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.memory import check_size


def unpool_by_mask(layer: Layer, x: Array, mask: Array, sizes: tuple[int, int]) -> Array:
    """Zeros of (n, c, *sizes) with x at the flat places that the mask names; of several for one place the last stays.

    x, mask: (n, c, h, w). Raises LayerError where the mask's shape differs or a place lies outside the plane.
    """
    if mask.shape != x.shape:
        raise layer.error(f"the mask has shape {mask.shape}; expected {x.shape}")
    places = mask.astype(np.int64).reshape(*x.shape[:2], -1)
    plane = sizes[0] * sizes[1]
    if places.size and not 0 <= places.min() <= places.max() < plane:
        raise layer.error(f"the mask names place {places.max()}; the top has {plane} of them a plane, {sizes}")
    check_size(*x.shape[:2], plane)
    top = np.zeros((*x.shape[:2], plane), x.dtype)
    np.put_along_axis(top, places, x.reshape(places.shape), -1)
    return top.reshape(*x.shape[:2], *sizes)
