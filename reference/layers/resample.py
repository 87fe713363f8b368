"""Resample (FlowNet2's fork): NEAREST, LINEAR or CUBIC resizing.

Output x lies at x fx + fy / 2 - 1/2, f being input over output size (the other axis's in the middle term: so it is in
the source), computed in float32. Weights are ax w(ax d) with ax = 1 / fx where either axis shrinks and antialias is
set, else 1; their sum divides. Source: src/caffe/layers/resample_layer.cu of lmb-freiburg/flownet2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reference.layer import Array, Layer
from reference.resampling import apply, target

TYPE = "Resample"
MESSAGES = ("resample_param",)
NOT_IN_PLACE = True
SUMS = True
FIELDS = """
resample_param: antialias 0 bool = true; width 0 int = 0; height 0 int = 0; type 0 enum(NEAREST=1 LINEAR=2 CUBIC=3 AREA=4) = LINEAR; factor 0 float = 1
"""  # noqa: E501 (one line a message)


def _linear(d: Array) -> Array:
    return np.asarray(np.maximum(0, 1 - np.abs(d)))


def _cubic(d: Array) -> Array:
    d = np.abs(d)
    near, far = d * d * (1.5 * d - 2.5) + 1, d * (d * (-0.5 * d + 2.5) - 4) + 2
    return np.asarray(np.where(d <= 1, near, np.where(d < 2, far, 0)))


def _matrix(places: NDArray[np.float32], size: int, sharpness: np.float32, kind: str) -> Array:
    if kind == "NEAREST":
        nearest = np.floor(np.abs(places.astype(np.float64)) + 0.5) * np.sign(places)
        return np.asarray(np.eye(size)[np.clip(nearest, 0, size - 1).astype(int)])
    distance = (places[:, None].astype(np.float64) - np.arange(size)) * np.float64(sharpness)
    weights = _linear(distance) if kind == "LINEAR" else _cubic(distance)
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(weights, total, out=np.zeros_like(weights), where=total != 0))


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w); returns (n, c, h_out, w_out)."""
    params, x = layer.params("resample_param"), bottoms[0]
    sizes, kind = target(layer, params, bottoms, ("height", "width")), params.choice("type")
    if kind == "AREA":
        raise layer.error("type is AREA; the source knows NEAREST, LINEAR and CUBIC")
    fy, fx = (np.float32(given) / np.float32(size) for given, size in zip(x.shape[2:], sizes, strict=True))
    half = np.float32(0.5)
    y = np.arange(sizes[0], dtype=np.float32) * fy + fx / np.float32(2) - half
    column = np.arange(sizes[1], dtype=np.float32) * fx + fy / np.float32(2) - half
    one = np.float32(1)
    smooth = params.flag("antialias") and (fx > 1 or fy > 1)
    rows = _matrix(y, x.shape[2], one / fy if smooth else one, kind)
    return [apply(rows, x, _matrix(column, x.shape[3], one / fx if smooth else one, kind)).astype(x.dtype)]
