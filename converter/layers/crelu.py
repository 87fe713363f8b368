"""CReLU: the positive and the negative part side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.windows import canonical_axis
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("CReLU", "CRELU")
class CReLU(Operator):
    """max(x, 0) and max(-x, 0) joined along `axis` (1), which doubles: (n, c, ...) to (n, 2c, ...).

    Source: arXiv:1603.05201, equation 2; forks write it as src/caffe/layers/crelu_layer.cpp (winggan/caffe, whose code
    joins the halves of a batch as a whole, which is the same for one image).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis and the slope below zero, where a fork has them."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("crelu_param")
        self.axis = canonical_axis(view.integer("concat_axis", 1), len(bottoms[0]))
        self.slope = view.number("negative_slope", 0.0)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """Twice the bottom along the axis."""
        return [tuple(2 * size if axis == self.axis else size for axis, size in enumerate(bottoms[0]))]

    def module(self) -> nn.Module:
        """CReLU."""
        from converter.modules import activations

        return activations.CReLU(self.axis, self.slope)
