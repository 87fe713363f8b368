"""Concat: bottoms joined along one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import canonical_axis
from converter.layers.layer import Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import nn


@layer("Concat", "CONCAT")
class Concat(Operator):
    """Joins any number of bottoms along `axis` (or the older `concat_dim`); all other sizes must agree.

    Source: src/caffe/layers/concat_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis and compare the bottoms."""
        self.expect_bottoms(bottoms, 1, 1 << 16)
        view = p.message("concat_param")
        if view.has("axis") and view.has("concat_dim"):
            raise view.error("concat_dim", "stands beside axis", "use axis alone")
        self.axis = canonical_axis(view.integer("concat_dim" if view.has("concat_dim") else "axis"), len(bottoms[0]))
        self.top_shapes(bottoms)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The first bottom's shape with the sizes along the axis added up."""
        rest = {(shape[: self.axis], shape[self.axis + 1 :]) for shape in bottoms}
        if len(rest) > 1:
            raise ShapeError(
                f"bottoms of shapes {list(bottoms)} joined along axis {self.axis}; expected equal other sizes"
            )
        first = bottoms[0]
        return [(*first[: self.axis], sum(shape[self.axis] for shape in bottoms), *first[self.axis + 1 :])]

    def module(self) -> nn.Module:
        """Concat."""
        from converter.modules.combine import Concat as ConcatModule

        return ConcatModule(self.axis)
