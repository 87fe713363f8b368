"""FaceBoxes' default boxes: several of a size at a cell, evenly apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converter.net.params import Params

Pair = tuple[float, float]
_MOST = 1000
"""Boxes along a side of a cell, of all sizes: far more than a net has, few enough to be listed at once."""


def dense_boxes(view: Params, ratios: Sequence[float]) -> tuple[list[Pair], list[Pair]]:
    """Width and height of each box at a cell, and its center's distance from the cell's, (x, y), all in pixels.

    `ratios`: the aspect ratios beside 1. Source: zihaozhang9/FaceBoxes, src/caffe/layers/prior_box_layer.cpp.
    """
    fixed = _fixed_ratio(view)
    boxes: list[Pair] = []
    shifts: list[Pair] = []
    for size, density in _sizes(view):
        roots = [math.sqrt(ratio) for ratio in (fixed or ratios)]
        shapes = [(size * root, size / root) for root in roots]
        for shape in shapes if fixed else [(int(size), int(size)), *shapes]:
            places = _places(size, density)
            shifts.extend(places)
            boxes.extend([shape] * len(places))
    return boxes, shifts


def _sizes(view: Params) -> list[tuple[float, int]]:
    sizes, densities = view.numbers("fixed_size"), view.numbers("density")
    if not all(0 < size < math.inf for size in sizes):
        raise view.error("fixed_size", f"is {list(sizes)}", "expected positive numbers")
    for other in ("min_size", "max_size"):
        if view.numbers(other):
            raise view.error(other, "stands beside fixed_size", "use one of the two; the original has no room for both")
    if len(densities) != len(sizes) or not all(1 <= density < math.inf and density % 1 == 0 for density in densities):
        raise view.error("density", f"is {list(densities)}", f"expected {len(sizes)} whole numbers, one a fixed_size")
    if sum(densities) > _MOST:
        raise view.error("density", f"adds up to {sum(densities):g}", f"expected at most {_MOST} of all sizes")
    return [(size, int(density)) for size, density in zip(sizes, densities, strict=True)]


def _fixed_ratio(view: Params) -> list[float]:
    found = list(view.numbers("fixed_ratio"))
    if found and view.numbers("aspect_ratio"):
        raise view.error("fixed_ratio", "stands beside aspect_ratio", "use one of the two")
    if len(found) > 1 or not all(0 < ratio < math.inf for ratio in found):
        text = "expected one positive number at most: the original has no room for the boxes of more"
        raise view.error("fixed_ratio", f"is {found}", text)
    return found


def _places(size: float, density: int) -> list[Pair]:
    """Row by row; the original divides whole numbers."""
    apart, first = int(size / density), -(int(size) // 2)
    along = [first + apart / 2 + place * apart for place in range(density)]
    return [(x, y) for y in along for x in along]
