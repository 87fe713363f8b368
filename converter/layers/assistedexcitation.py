"""AssistedExcitation: MobileNet-YOLO's addition to maps where objects are, which fades as training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params

_BOXES = 300


@layer("AssistedExcitation")
class AssistedExcitation(Operator):
    """x plus alpha · mean where the first item's boxes are; x: (n, c, h, w), labels: n · 300 · 5, mean: n · h · w.

    Rows of labels are class, x, y, width, height in fractions, up to the first of x 0. alpha falls from 1 to 0 along a
    cosine over three quarters of a training, which solvers of this package tell; elsewhere it is 1, that of the
    beginning. Other items of a batch stay as they are, as in the source, which loses their places. Only x gets a
    gradient.
    Source: eric612/MobileNet-YOLO, src/caffe/layers/assisted_excitation_layer.cpp.
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Compare the bottoms."""
        del p
        self.expect_bottoms(bottoms, 3)
        x, labels, mean = bottoms
        if (
            len(x) != 4
            or element_count(labels) != x[0] * _BOXES * 5
            or element_count(mean) != element_count((x[0], *x[2:]))
        ):
            wanted = f"(n, c, h, w), (n, 1, {_BOXES}, 5) and (n, h, w)"
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected {wanted}")

    def module(self) -> nn.Module:
        """AssistedExcitation."""
        from converter.modules import excitation

        return excitation.AssistedExcitation()
