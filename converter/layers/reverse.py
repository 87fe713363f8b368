"""Reverse: one axis back to front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.windows import canonical_axis
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Reverse", "REVERSE")
class Reverse(Operator):
    """The bottom with the values along `axis` (default 0, the time of recurrent nets) in reverse order.

    Source: src/caffe/layers/reverse_layer.cpp of the recurrent forks (houkai/caffe, hzli-ucas/caffe); the variant with
    a second bottom that marks where sequences end is not supported.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis."""
        self.expect_bottoms(bottoms, 1)
        self.axis = canonical_axis(p.message("reverse_param").integer("axis", 0), len(bottoms[0]))

    def module(self) -> nn.Module:
        """Flip."""
        from converter.modules import shapes

        return shapes.Flip(self.axis)
