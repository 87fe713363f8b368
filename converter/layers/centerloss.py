"""CenterLoss: half the squared distance of features to their class's center, which is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.examples import whole_numbers
from converter.layers.kit.windows import canonical_axis, element_count
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params


@layer("CenterLoss")
class CenterLoss(Operator):
    """Sum of (x - center[label])² / 2n; x: (n, ...), labels: n whole numbers, centers: (num_output, values); top: ().

    A center's gradient is what its items lack to it, summed, over one more than their number, whatever loss_weight is.
    Source: ydwen/caffe-face, src/caffe/layers/center_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the number of classes, list the centers, and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("center_loss_param")
        self.classes = view.integer("num_output")
        axis = canonical_axis(view.integer("axis", 1), len(bottoms[0]))
        if self.classes < 1:
            raise view.error("num_output", f"is {self.classes}", "expected at least 1")
        if axis != 1 or element_count(bottoms[1]) != bottoms[0][0]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}, axis {axis}; expected (n, ...), n labels, axis 1")
        self.features = element_count(bottoms[0][1:])
        self.add_blob((self.classes, self.features), view.message("center_filler"))

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """Labels."""
        return whole_numbers(random, self.classes, bottoms[1]) if place == 1 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()]

    def module(self) -> nn.Module:
        """CenterLoss."""
        from converter.modules import face_losses

        return face_losses.CenterLoss(self.classes, self.features)
