"""Concat: bottoms joined along one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import canonical_axis, element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Concat", "CONCAT")
class Concat(Operator):
    """Joins any number of bottoms along `axis` (or the older `concat_dim`); all other sizes must agree.

    With per_fla_fuse, Intel's, which takes the place of SSD's Permute (0, 2, 3, 1) and Flatten before it, along axis 1:
    maps (n, c, h, w) of any sizes become (n, values, 1, 1), the channels of each place side by side.
    Source: src/caffe/layers/concat_layer.cpp; intel/caffe, src/caffe/layers/mkldnn_concat_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis and compare the bottoms."""
        self.expect_bottoms(bottoms, 1, 1 << 16)
        view = p.message("concat_param")
        if view.has("axis") and view.has("concat_dim"):
            raise view.error("concat_dim", "stands beside axis", "use axis alone")
        self.axis = canonical_axis(view.integer("concat_dim" if view.has("concat_dim") else "axis"), len(bottoms[0]))
        self.fused = self.axis == 1 and view.flag("per_fla_fuse", False)
        if self.fused and any(len(shape) != 4 or shape[0] != bottoms[0][0] for shape in bottoms):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; per_fla_fuse takes maps (n, c, h, w) of one n")
        self.top_shapes(bottoms)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The first bottom's shape with the sizes along the axis added up; fused, all values of an item."""
        if self.fused:
            return [(bottoms[0][0], sum(element_count(shape[1:]) for shape in bottoms), 1, 1)]
        rest = {(len(shape), shape[: self.axis], shape[self.axis + 1 :]) for shape in bottoms}
        if len(rest) > 1:
            raise ShapeError(
                f"bottoms of shapes {list(bottoms)} joined along axis {self.axis}; expected equal other sizes"
            )
        first = bottoms[0]
        return [(*first[: self.axis], sum(shape[self.axis] for shape in bottoms), *first[self.axis + 1 :])]

    def module(self) -> nn.Module:
        """Concat, or FlattenConcat."""
        from converter.modules import combine

        return combine.FlattenConcat() if self.fused else combine.Concat(self.axis)
