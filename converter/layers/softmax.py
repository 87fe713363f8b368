"""Softmax along one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.windows import canonical_axis
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Softmax", "SOFTMAX")
class Softmax(Operator):
    """exp(x) / sum of exp(x) along `axis`, each other position by itself; the maximum is taken off first.

    Source: src/caffe/layers/softmax_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis."""
        self.expect_bottoms(bottoms, 1)
        self.axis = canonical_axis(p.message("softmax_param").integer("axis"), len(bottoms[0]))

    def module(self) -> nn.Module:
        """nn.Softmax."""
        from torch import nn

        return nn.Softmax(self.axis)
