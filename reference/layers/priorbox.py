"""PriorBox (SSD's fork): default boxes around every place of a feature map, and their variances.

At each place, for each min_size: a square; with a max_size a square of sqrt(min max); then a box for every aspect ratio
but 1, flipped as well unless flip is off. Corners are relative to the image. Sizes are whole numbers and centers,
widths and heights are float32, whatever the net's precision, as in the original (prior_box_layer.cpp of the SSD fork).
With fixed_size (zihaozhang9/FaceBoxes, the same file) a size has density² boxes at each place, none of which begins
before the image or ends behind it.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.memory import check_size
from reference.params import Params

TYPE = "PriorBox"
MESSAGES = ("prior_box_param",)
_SAME = 1e-6


def _ratios(params: Params) -> list[np.float32]:
    ratios = [np.float32(1)]
    for value in params.reals("aspect_ratio"):
        if any(abs(value - known) < _SAME for known in ratios):
            continue
        ratios.append(np.float32(value))
        if params.flag("flip"):
            ratios.append(np.float32(1 / value))
    return ratios


def _extents(layer: Layer, params: Params) -> list[tuple[np.float32, np.float32]]:
    small, large = params.reals("min_size"), params.reals("max_size")
    if not small or len(large) not in (0, len(small)):
        raise layer.error(f"has {len(small)} min_size and {len(large)} max_size; expected some, and none or as many")
    boxes = []
    for index, size in enumerate(map(int, small)):
        boxes.append((np.float32(size), np.float32(size)))
        if large:
            side = np.float32(np.sqrt(size * int(large[index])))
            boxes.append((side, side))
        for ratio in _ratios(params):
            if abs(ratio - 1) >= _SAME:
                root = np.sqrt(float(ratio))
                boxes.append((np.float32(size * root), np.float32(size / root)))
    return boxes


def _pair(params: Params, both: str, first: str, second: str) -> tuple[float, float]:
    def read(name: str) -> float:
        if not params.has(name):
            return 0
        return params.integer(name) if params.row(name).type == "int" else params.real(name)

    return (read(both), read(both)) if params.has(both) else (read(first), read(second))


def _centers(count: int, step: float, offset: float) -> Array:
    return (np.arange(count, dtype=np.float32) + np.float32(offset)) * np.float32(step)


def _variances(layer: Layer, params: Params) -> list[float]:
    found = params.reals("variance") or [float(np.float32(0.1))]
    if len(found) not in (1, 4) or min(found) <= 0:
        raise layer.error(f"variance is {found}; expected one or four positive numbers")
    return found * 4 if len(found) == 1 else found


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """feature: (n, c, h, w), image: (n, c, H, W); returns (1, 2, h * w * boxes * 4): corners, then variances."""
    params = layer.params("prior_box_param")
    if not params.reals("fixed_size"):
        return boxes_of(layer, bottoms, _extents(layer, params))
    extents, moved = _dense(layer, params)
    return boxes_of(layer, bottoms, extents, np.array(moved))


def _dense(layer: Layer, params: Params) -> tuple[list[tuple[np.float32, np.float32]], list[tuple[float, float]]]:
    """Widths and heights, and how far right and down of the place each box's center lies."""
    sizes, densities, fixed = (params.reals(name) for name in ("fixed_size", "density", "fixed_ratio"))
    if params.reals("min_size") or params.reals("max_size") or len(densities) != len(sizes) or len(fixed) > 1:
        raise layer.error("has min_size or max_size beside fixed_size, not a density for each, or several fixed_ratio")
    if min(sizes) <= 0 or any(count < 1 or count % 1 for count in densities) or sum(densities) > 1000:
        raise layer.error(
            f"has sizes {sizes} and densities {densities}; expected positive and whole numbers, not over 1000"
        )
    extents, moved = [], []
    for size, density in zip(sizes, map(int, densities), strict=True):
        gap = int(size / density)
        for ratio in fixed or [1.0, *(float(one) for one in _ratios(params) if abs(one - 1) >= _SAME)]:
            wide, high = size * np.sqrt(ratio), size / np.sqrt(ratio)
            if not fixed and ratio == 1:
                wide = high = int(size)
            for down, right in np.ndindex(density, density):
                moved.append(tuple(gap / 2 + gap * steps - int(size) // 2 for steps in (right, down)))
                extents.append((np.float32(wide), np.float32(high)))
    return extents, moved


def boxes_of(
    layer: Layer, bottoms: list[Array], extents: list[tuple[np.float32, np.float32]], moved: Array | None = None
) -> list[Array]:
    """Boxes of these widths and heights about every place, or about one near it, and their variances."""
    layer.expect(bottoms, 2)
    params = layer.params("prior_box_param")
    (rows, columns), image = bottoms[0].shape[2:4], bottoms[1].shape[2:4]
    height, width = (a or b for a, b in zip(_pair(params, "img_size", "img_h", "img_w"), image, strict=True))
    steps = _pair(params, "step", "step_h", "step_w")
    step_h, step_w = steps if all(steps) else (np.float32(height) / rows, np.float32(width) / columns)
    offset = params.real("offset")
    y = _centers(rows, step_h, offset).astype(np.float64)[:, None, None]
    x = _centers(columns, step_w, offset).astype(np.float64)[None, :, None]
    check_size(rows, columns, len(extents), 8)
    half_w, half_h = np.array(extents, np.float64).T / 2
    if moved is not None:
        x, y = x + moved[:, 0], y + moved[:, 1]
    sides = [(x - half_w) / width, (y - half_h) / height, (x + half_w) / width, (y + half_h) / height]
    if moved is not None:
        sides = [np.maximum(side, 0) for side in sides[:2]] + [np.minimum(side, 1) for side in sides[2:]]
    corners = np.stack(np.broadcast_arrays(*sides), -1).ravel()
    if params.flag("clip"):
        corners = corners.clip(0, 1)
    variances = np.tile(_variances(layer, params), corners.size // 4)
    return [np.stack([corners, variances])[None]]
