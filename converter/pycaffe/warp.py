"""Resizing of images as scikit-image and SciPy did it for Caffe: linear, without smoothing.

Source: python/caffe/io.py (resize_image), skimage.transform.resize of 2014 to 2018, scipy.ndimage.zoom.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def resize_image(im: Array, new_dims: Any, interp_order: int = 1) -> Array:
    """An image (h, w, k) at another size, float32.

    With 1 or 3 channels pixels are areas, and what lies beyond the border is the image's smallest value; with others
    pixels are points, and corners stay corners.

    Args:
        im: the image.
        new_dims: height and width.
        interp_order: order of the spline; 0 (nearest) and 1 (linear) need no SciPy.

    Raises:
        ImportError: another order, and SciPy is not there.
    """
    height, width = (int(size) for size in new_dims)
    areas = im.shape[-1] in (1, 3)
    if areas and im.min() == im.max():
        return np.full((height, width, im.shape[-1]), im.min(), dtype=np.float32)
    if interp_order not in (0, 1):
        return _spline(im, (height, width), interp_order, areas)
    low = im.min() if areas else 0
    rows, columns = (
        _weights(old, new, interp_order, areas) for old, new in zip(im.shape[:2], (height, width), strict=True)
    )
    shifted = np.asarray(im, dtype=np.float64) - low
    resized = np.einsum("yh,hwk,xw->yxk", rows, shifted, columns, optimize=True) + low
    result: Array = resized.astype(np.float32)
    return result


def _positions(old: int, new: int, areas: bool) -> Array:
    """Where each new pixel lies among the old ones."""
    if areas:
        return (np.arange(new) + 0.5) * (old / new) - 0.5
    return np.linspace(0, old - 1, new) if new > 1 else np.zeros(new)


def _weights(old: int, new: int, order: int, areas: bool) -> Array:
    """(new, old) weights of one axis; a row sums to less than 1 where it reaches beyond the border."""
    positions = _positions(old, new, areas)
    if order == 0:
        positions = np.floor(positions + 0.5)
    first = np.floor(positions).astype(int)
    weights = np.zeros((new, old))
    for place, share in ((first, 1 - (positions - first)), (first + 1, positions - first)):
        inside = (place >= 0) & (place < old)
        weights[np.flatnonzero(inside), place[inside]] += share[inside]
    return weights


def _spline(im: Array, size: tuple[int, int], order: int, areas: bool) -> Array:
    """Splines of order 2 to 5, by SciPy."""
    from scipy.ndimage import map_coordinates

    places = np.meshgrid(
        *(_positions(old, new, areas) for old, new in zip(im.shape[:2], size, strict=True)), indexing="ij"
    )
    low = im.min() if areas else 0
    planes = [
        map_coordinates(np.asarray(im[..., k], float) - low, places, order=order, mode="constant") + low
        for k in range(im.shape[-1])
    ]
    return np.stack(planes, axis=-1).astype(np.float32)
