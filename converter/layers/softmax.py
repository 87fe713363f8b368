"""Softmax along one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.lazytorch import F
from converter.layers.kit.windows import axis_of
from converter.layers.layer import Call, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


@layer("Softmax", "SOFTMAX")
class Softmax(Operator):
    """exp(x) / sum of exp(x) along `axis`, each other position by itself; the maximum is taken off first.

    Source: src/caffe/layers/softmax_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis."""
        self.expect_bottoms(bottoms, 1)
        self.axis = axis_of(p.message("softmax_param").integer("axis"), len(bottoms[0]))

    def forward(self, call: Call) -> list[Tensor]:
        """One top, shaped as the bottom."""
        return [F.softmax(call.bottoms[0], self.axis)]
