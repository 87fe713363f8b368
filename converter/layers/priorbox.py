"""PriorBox: SSD's default boxes, one set for every position of a feature map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.dense_boxes import dense_boxes
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params

Pair = tuple[float, float]


@layer("PriorBox", "PRIOR_BOX")
class PriorBox(Operator):
    """Boxes around the center of every cell, as fractions of the image, and their variances.

    Bottoms: the feature map (n, c, h, w) and the image (n, 3, H, W); of both only the sizes count. Top: (1, 2,
    h * w * boxes * 4): row 0 holds xmin, ymin, xmax, ymax, row 1 the variances. For each min_size m and max_size M (cut
    to whole numbers, as the source does) come a square of m, one of sqrt(m * M), and boxes of m * sqrt(r) by
    m / sqrt(r) for each aspect ratio r other than 1 (and 1 / r with `flip`). Source: SSD's
    src/caffe/layers/prior_box_layer.cpp; arXiv:1512.02325, section 2.2.

    With fixed_size, FaceBoxes' form, each size f has `density` d: d * d boxes a cell, int(f / d) apart, of f or of
    f * sqrt(r) by f / sqrt(r), r the fixed_ratio or each aspect ratio; none reaches over the image's edge on its own
    side. Where the original writes more boxes than it has room for (more than one fixed_ratio, min_size beside
    fixed_size) it is refused. Source: zihaozhang9/FaceBoxes, src/caffe/layers/prior_box_layer.cpp; arXiv:1708.05234,
    section 3.2.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read sizes, ratios, variances, steps."""
        self.expect_bottoms(bottoms, 1, 2)
        if any(len(shape) != 4 for shape in bottoms):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected 4 axes each (n, c, h, w)")
        view = p.message("prior_box_param")
        self.boxes, self.shifts = self.read_boxes(view)
        self.clip = view.flag("clip", False)
        self.offset = view.number("offset", 0.5)
        self.variance = view.numbers("variance") or (0.1,)
        if len(self.variance) not in {1, 4} or min(self.variance) <= 0:
            raise view.error("variance", f"is {list(self.variance)}", "expected 1 or 4 positive numbers")
        self.image_size = _pair(view, "img_size", "img_h", "img_w")
        self.step = _pair(view, "step", "step_h", "step_w")
        if self.image_size is None and len(bottoms) < 2:
            raise ShapeError("1 bottom and no img_size; the image is needed as second bottom")

    def read_boxes(self, view: Params) -> tuple[list[Pair], list[Pair]]:
        """Width and height, in pixels, of each box at a position, and its shift from there, if any has one."""
        return dense_boxes(view, _ratios(view)) if view.numbers("fixed_size") else (_boxes(view), [])

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(1, 2, h * w * boxes * 4)."""
        return [(1, 2, bottoms[0][2] * bottoms[0][3] * len(self.boxes) * 4)]

    def module(self) -> nn.Module:
        """PriorBox."""
        from converter.modules import detection

        return detection.PriorBox(
            self.boxes, self.variance, self.offset, self.clip, self.image_size, self.step, self.shifts
        )


def _boxes(view: Params) -> list[Pair]:
    """Width and height, in pixels, of each box at a position, in Caffe's order."""
    least, most = view.numbers("min_size"), view.numbers("max_size")
    if not least or min(least) <= 0:
        raise view.error("min_size", f"is {list(least)}", "expected positive numbers")
    if not all(map(math.isfinite, (*least, *most))):
        raise view.error("min_size", f"is {list(least)}, max_size {list(most)}", "expected finite numbers of pixels")
    if most and (len(most) != len(least) or any(big <= small for small, big in zip(least, most, strict=True))):
        raise view.error("max_size", f"is {list(most)}", f"expected one above each min_size, {list(least)}")
    ratios = _ratios(view)
    boxes: list[Pair] = []
    for index, size in enumerate(map(int, least)):
        boxes.append((size, size))
        if most:
            side = math.sqrt(size * int(most[index]))
            boxes.append((side, side))
        boxes.extend((size * math.sqrt(ratio), size / math.sqrt(ratio)) for ratio in ratios)
    return boxes


def _ratios(view: Params) -> list[float]:
    """Aspect ratios other than 1, each once, flipped ones after their own."""
    flip = view.flag("flip", True)
    ratios = [1.0]
    for ratio in view.numbers("aspect_ratio"):
        if not 0 < ratio < math.inf:
            raise view.error("aspect_ratio", f"is {ratio}", "expected a positive number")
        if all(abs(ratio - known) >= 1e-6 for known in ratios):
            ratios.extend([ratio, 1 / ratio] if flip else [ratio])
    return ratios[1:]


def _pair(view: Params, name: str, high: str, wide: str) -> Pair | None:
    """Height and width from one field or from two; None where the file is silent."""
    if view.has(high) or view.has(wide):
        if view.has(name):
            raise view.error(name, f"stands beside {high} or {wide}", "use one of the two spellings")
        pair = view.number(high), view.number(wide)
    elif view.has(name):
        pair = view.number(name), view.number(name)
    else:
        return None
    if min(pair) <= 0:
        raise view.error(name if view.has(name) else high, f"is {list(pair)}", "expected positive numbers")
    return pair
