"""Eltwise: sum, product or maximum of equally shaped bottoms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Eltwise", "ELTWISE")
class Eltwise(Operator):
    """SUM with one `coeff` per bottom (default 1), PROD, or MAX.

    Of equal values MAX takes, and passes the gradient to, the second of the first two bottoms; a later bottom must be
    strictly greater. A single bottom, times its coeff, is FlowNet2's (lmb-freiburg/flownet2).
    Source: src/caffe/layers/eltwise_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the operation and its coefficients."""
        view = p.message("eltwise_param")
        self.operation = view.choice("operation", ("PROD", "SUM", "MAX"))
        self.expect_bottoms(bottoms, 1 if self.operation == "SUM" else 2, 1 << 16)
        coefficients = view.numbers("coeff")
        if coefficients and (len(coefficients) != len(bottoms) or self.operation == "PROD"):
            what = f"is given {len(coefficients)} times for {self.operation} of {len(bottoms)} bottoms"
            raise view.error("coeff", what, "expected none, or one per bottom of a SUM")
        self.coefficients = coefficients or (1.0,) * len(bottoms)
        if any(shape != bottoms[0] for shape in bottoms):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected equal shapes")

    def module(self) -> nn.Module:
        """Sum, Product or Maximum."""
        from converter.modules.combine import Maximum, Product, Sum

        if self.operation == "SUM":
            return Sum(self.coefficients)
        return Product() if self.operation == "PROD" else Maximum()
