"""Slice: a bottom cut into tops along one axis."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import canonical_axis
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Slice")
class Slice(Operator):
    """Cuts along `axis` (or the older `slice_dim`) before each `slice_point`, or into equal parts where there is none.

    Source: src/caffe/layers/slice_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis and the points."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("slice_param")
        if view.has("axis") and view.has("slice_dim"):
            raise view.error("slice_dim", "stands beside axis", "use axis alone")
        self.axis = canonical_axis(view.integer("slice_dim" if view.has("slice_dim") else "axis"), len(bottoms[0]))
        self.points = view.integers("slice_point")
        if self.points and len(self.points) != self.tops - 1:
            raise view.error("slice_point", f"is given {len(self.points)} times", f"expected {self.tops - 1}, or none")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The bottom's shape with each part's size along the axis."""
        shape = bottoms[0]
        return [(*shape[: self.axis], size, *shape[self.axis + 1 :]) for size in self._sizes(shape[self.axis])]

    def _sizes(self, size: int) -> list[int]:
        if not self.points:
            if size % self.tops:
                raise ShapeError(f"{size} values along axis {self.axis} cannot be cut into {self.tops} equal parts")
            return [size // self.tops] * self.tops
        edges = (0, *self.points, size)
        sizes = [after - before for before, after in itertools.pairwise(edges)]
        if min(sizes) < 1:
            raise ShapeError(f"slice_point {list(self.points)} of {size} values; expected rising points within")
        return sizes

    def module(self) -> nn.Module:
        """Slice."""
        from converter.modules import select

        return select.Slice(self.tops, self.axis, self.points)
