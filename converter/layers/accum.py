"""Accum: maps brought to one size and joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Accum")
class Accum(Operator):
    """Bottoms (n, c_i, h_i, w_i) to (n, sum of c_i, h, w): each resized, bilinear with corners on corners, and joined.

    The size is the last bottom's with `have_reference`, which is not joined; else top_height and top_width where both
    exceed every bottom, or the least multiples of size_divisible_by, or the largest height and width.
    Source: lmb-freiburg/flownet2, src/caffe/layers/accum_layer.cpp.
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Find the size."""
        view = p.message("accum_param")
        self.reference = view.flag("have_reference", False)
        self.expect_bottoms(bottoms, 1 + self.reference, 1 << 16)
        self.size = view.integer("top_height", 0), view.integer("top_width", 0)
        self.divisor = view.integer("size_divisible_by", 0)
        if any(len(shape) != 4 or shape[0] != bottoms[0][0] for shape in bottoms):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected 4 axes (n, c, h, w) and one n")
        if min(self._target(bottoms)) < 2:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; corners meet corners, which takes 2x2 or more")

    def _target(self, bottoms: Shapes) -> tuple[int, int]:
        if self.reference:
            return bottoms[-1][2], bottoms[-1][3]
        high, wide = (max(shape[axis] for shape in bottoms) for axis in (2, 3))
        rows, columns = self.size
        if self.divisor:
            rows, columns = (-(-length // self.divisor) * self.divisor for length in (high, wide))
        return (rows, columns) if rows > high and columns > wide else (high, wide)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, sum of c, h, w)."""
        used = bottoms[:-1] if self.reference else bottoms
        return [(bottoms[0][0], sum(shape[1] for shape in used), *self._target(bottoms))]

    def module(self) -> nn.Module:
        """Accumulate."""
        from converter.modules import resampling

        return resampling.Accumulate(self.reference, self.size, self.divisor)
