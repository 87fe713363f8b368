"""Reduction: sums, means, magnitudes and squares over the last axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import canonical_axis
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Reduction")
class Reduction(Operator):
    """coeff times the SUM, ASUM (of magnitudes), SUMSQ (of squares) or MEAN over the axes from `axis` to the last.

    x: (leading..., reduced...) -> (leading...); the gradient of a magnitude at 0 is 0.
    Source: src/caffe/layers/reduction_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the operation, the axis and the factor."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("reduction_param")
        self.operation = view.choice("operation", ("SUM", "ASUM", "SUMSQ", "MEAN"))
        self.axis = canonical_axis(view.integer("axis"), len(bottoms[0]))
        self.coefficient = view.number("coeff")
        if not bottoms[0]:
            raise ShapeError("bottom without axes; expected at least one")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The sizes before the axis."""
        return [bottoms[0][: self.axis]]

    def module(self) -> nn.Module:
        """Reduction."""
        from converter.modules import combine

        return combine.Reduction(self.operation.lower(), self.axis, self.coefficient)
