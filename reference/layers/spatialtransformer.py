"""SpatialTransformer (daerduoCarey's fork): output pixel (s, t) is the image at an affine map of its place, bilinear.

Its place is (2 s / H_out - 1, 2 t / W_out - 1, 1); theta times it, (p, q), is pixel ((p + 1) / 2 H, (q + 1) / 2 W);
neighbors outside count 0. Source: src/caffe/layers/st_layer.cu of daerduoCarey/SpatialTransformerLayer.
"""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer
from reference.memory import check_size

TYPE = "SpatialTransformer"
MESSAGES = ("st_param",)
NOT_IN_PLACE = True
_THETA = [f"theta_{row}_{column}" for row in (1, 2) for column in (1, 2, 3)]
FIELDS = f"""
st_param: transform_type 0 text = affine; sampler_type 0 text = bilinear; output_H 0 int; output_W 0 int; to_compute_dU 0 bool = true; {"; ".join(f"{name} 0 float" for name in _THETA)}
"""  # noqa: E501 (one line a message)


def _read(plane: Array, y: float, x: float) -> Array:
    height, width = plane.shape[1:]
    total = np.zeros(len(plane), plane.dtype)
    for row in (math.floor(y), math.floor(y) + 1):
        for column in (math.floor(x), math.floor(x) + 1):
            if 0 <= row < height and 0 <= column < width:
                total += (1 - abs(y - row)) * (1 - abs(x - column)) * plane[:, row, column]
    return total


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """image: (n, c, h, w), theta: (n, those of its six numbers that are not set); returns (n, c, h_out, w_out)."""
    layer.expect(bottoms, 2)
    params, image = layer.params("st_param"), bottoms[0]
    if params.text("transform_type") != "affine" or params.text("sampler_type") != "bilinear":
        raise layer.error("transforms or samples in a way that the source does not know; expected affine, bilinear")
    free = [at for at, name in enumerate(_THETA) if not params.has(name)]
    n, channels, height, width = image.shape
    theta = np.array([[0.0 if at in free else params.real(_THETA[at]) for at in range(6)]] * n, image.dtype)
    if bottoms[1].size != n * len(free):
        raise layer.error(f"theta has shape {bottoms[1].shape}; expected {(n, len(free))}")
    theta[:, free] = bottoms[1].reshape(n, len(free))
    high = params.integer("output_H") if params.has("output_H") else height
    wide = params.integer("output_W") if params.has("output_W") else width
    check_size(n, channels, high, wide)
    top = np.zeros((n, channels, high, wide), image.dtype)
    for item, s, t in np.ndindex(n, high, wide):
        place = np.array([s / high * 2 - 1, t / wide * 2 - 1, 1])
        p, q = theta[item].reshape(2, 3).astype(np.float64) @ place
        top[item, :, s, t] = _read(image[item], (p + 1) / 2 * height, (q + 1) / 2 * width)
    return [top]
