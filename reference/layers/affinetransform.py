"""AffineTransform (Microsoft's fork): output pixel (s, t) is the image at an affine map of its place, bilinear.

Its place is (x, y) = (2 t / (W_out - 1) - 1, 2 s / (H_out - 1) - 1); (a x + b y + c, d x + e y + f) = (p, q) is column
(p + 1) (W - 1) / 2 and row (q + 1) (H - 1) / 2, cut towards 0; neighbors outside count 0.
Source: src/caffe/layers/affine_transform_layer.cpp of chenxistephen/caffe_msra.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.memory import check_size

TYPE = "AffineTransform"
MESSAGES = ("affine_transform_param",)
NOT_IN_PLACE = True
DISCONTINUOUS_FROM = 0
FIELDS = "affine_transform_param: output_height 0 int; output_width 0 int"


def _read(plane: Array, y: float, x: float) -> Array:
    """The channels (c,) of an image (c, h, w) there; what is far outside, or not finite, is no pixel's."""
    total = np.zeros(len(plane), plane.dtype)
    upper, left = (int(at) if abs(at) < 2**31 else -(2**31) for at in (y, x))
    for row, down in ((upper, 1 - (y - upper)), (upper + 1, y - upper)):
        for column, right in ((left, 1 - (x - left)), (left + 1, x - left)):
            inside = 0 <= row < plane.shape[1] and 0 <= column < plane.shape[2]
            total += down * right * (plane[:, row, column] if inside else np.zeros_like(total))
    return total


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """image: (n, c, h, w), theta: (n, 6); returns (n, c, h_out, w_out)."""
    layer.expect(bottoms, 2)
    params, image = layer.params("affine_transform_param"), bottoms[0]
    n, channels, height, width = image.shape
    if bottoms[1].size != 6 * n:
        raise layer.error(f"theta has shape {bottoms[1].shape}; expected {(n, 6)}")
    high = params.integer("output_height") if params.has("output_height") else height
    wide = params.integer("output_width") if params.has("output_width") else width
    if min(high, wide) < 2:
        raise layer.error(f"makes {high}x{wide} pixels; expected two at least each way")
    check_size(n, channels, high, wide)
    top = np.zeros((n, channels, high, wide), image.dtype)
    for item, s, t in np.ndindex(n, high, wide):
        place = np.array([t / (wide - 1) * 2 - 1, s / (high - 1) * 2 - 1, 1])
        p, q = bottoms[1][item].reshape(2, 3).astype(np.float64) @ place
        top[item, :, s, t] = _read(image[item], (q + 1) / 2 * (height - 1), (p + 1) / 2 * (width - 1))
    return [top]
