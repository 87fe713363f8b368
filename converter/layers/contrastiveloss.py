"""ContrastiveLoss: pairs drawn together or pushed apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("ContrastiveLoss")
class ContrastiveLoss(Operator):
    """Sum over pairs / 2n of d² where the label is not 0, else max(margin - d, 0)², d the Euclidean distance.

    With `legacy_version` the second is max(margin - d², 0). a, b: (n, c) or (n, c, 1, 1), label: n whole numbers,
    top: ().
    Caffe divides by d + 1e-4 where the derivative of d divides by d; so does the gradient here.
    Source: src/caffe/layers/contrastive_loss_layer.cpp; Hadsell, Chopra and LeCun 2006, equation 4.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the margin and compare the bottoms."""
        self.expect_bottoms(bottoms, 3)
        view = p.message("contrastive_loss_param")
        self.margin, self.legacy = view.number("margin"), view.flag("legacy_version")
        a, b, label = bottoms
        if (
            not a
            or element_count(a[2:]) != 1
            or a[:2] != b[:2]
            or element_count(b) != element_count(a)
            or element_count(label) != a[0]
        ):
            raise ShapeError(f"bottoms of shapes {a}, {b} and {label}; expected (n, c), (n, c) and (n,)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """ContrastiveLoss."""
        from converter.modules import metric_losses

        return metric_losses.ContrastiveLoss(self.margin, self.legacy)
