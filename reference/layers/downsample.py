"""Downsample (FlowNet's fork): means weighed by tents as wide as an output pixel, corners on corners, NaN left out.

Where the weights of NaN exceed half of the others' the mean is NaN. A bottom of the top's size is the top.
Source: src/caffe/layers/downsample_layer.cu of lmb-freiburg/flownet2; places in float32 as there.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.resampling import apply, target

TYPE = "Downsample"
MESSAGES = ("downsample_param",)
NOT_IN_PLACE = True
SUMS = True
DISCONTINUOUS_FROM = 0
FIELDS = "downsample_param: top_height 0 int = 0; top_width 0 int = 0"


def _tents(layer: Layer, size: int, given: int) -> Array:
    if size == given:
        return np.eye(size)
    if min(size, given) < 2:
        raise layer.error(f"cannot put the corners of {given} pixels on those of {size}")
    scale = np.float32(given - 1) / np.float32(size - 1)
    places = np.arange(size, dtype=np.float32) / np.float32(size - 1) * np.float32(given - 1)
    return np.maximum(0, 1 - np.abs(np.arange(given) - places[:, None].astype(np.float64)) / np.float64(scale))


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w); returns (n, c, h_out, w_out)."""
    x = bottoms[0]
    height, width = target(layer, layer.params("downsample_param"), bottoms, ("top_height", "top_width"))
    if (height, width) == x.shape[2:]:
        return [x]
    rows, columns = _tents(layer, height, x.shape[2]), _tents(layer, width, x.shape[3])
    nan = np.isnan(x)
    known, lost = apply(rows, (~nan).astype(float), columns), apply(rows, nan.astype(float), columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = apply(rows, np.where(nan, 0, x), columns) / known
        return [np.where(lost / known > 0.5, np.nan, mean).astype(x.dtype)]
