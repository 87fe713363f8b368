"""ArgMax: the positions, or the values, of the largest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import canonical_axis, element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.net import Shape
    from converter.net.params import Params


@layer("ArgMax")
class ArgMax(Operator):
    """The `top_k` largest values' positions, largest first; of equal values the one further back comes first.

    With `axis`: x's shape with top_k along it; positions, or with `out_max_val` values. Without: positions within each
    item, (n, 1, top_k), or positions and values, (n, 2, top_k), with ones behind up to x's number of axes. No gradient
    passes.
    Source: src/caffe/layers/argmax_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis and how many."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("argmax_param")
        self.axis = canonical_axis(view.integer("axis"), len(bottoms[0])) if view.has("axis") else None
        self.top_k, self.values = view.integer("top_k"), view.flag("out_max_val")
        if self.axis is None and not bottoms[0]:
            raise ShapeError("bottom without axes; expected at least one")
        among = element_count(bottoms[0][1:]) if self.axis is None else bottoms[0][self.axis]
        if not 1 <= self.top_k <= among:
            raise view.error("top_k", f"is {self.top_k}", f"expected 1 to {among}, the number of values")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """As the class says."""
        return [self._shape(bottoms[0])]

    def _shape(self, shape: Shape) -> Shape:
        if self.axis is not None:
            return (*shape[: self.axis], self.top_k, *shape[self.axis + 1 :])
        return (shape[0], 2 if self.values else 1, self.top_k, *[1] * (len(shape) - 3))

    def module(self) -> nn.Module:
        """ArgMax."""
        from converter.modules import select

        return select.ArgMax(self.top_k, self.axis, self.values)
