"""Bias: a sum with a learned or given offset that is broadcast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import canonical_axis
from converter.layers.layer import Operator, Shapes, layer
from converter.layers.scale import operand_shape

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Bias")
class Bias(Operator):
    """x + offset, the offset matched to x's axes from `axis` on.

    One bottom: the offset is blob 0, filled with 0 by default. Two bottoms: the second is the offset.
    Source: src/caffe/layers/bias_layer.cpp.
    """

    blob_names = ("bias",)

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the span and list the offset."""
        self.expect_bottoms(bottoms, 1, 2)
        view = p.message("bias_param")
        axis, num_axes, filler = view.integer("axis"), view.integer("num_axes"), view.message("filler")
        scalar = len(bottoms) == 2 and not bottoms[1]
        self.axis = 0 if scalar else canonical_axis(axis, len(bottoms[0]))
        if len(bottoms) == 1:
            self.add_blob(operand_shape(bottoms[0], self.axis, num_axes), filler)
            return
        filler.take_rest()
        if bottoms[0][self.axis : self.axis + len(bottoms[1])] != bottoms[1]:
            where = f"{bottoms[0]} from axis {self.axis} on"
            raise ShapeError(f"offset of shape {bottoms[1]} against {where}; expected equal sizes")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The first bottom's shape."""
        return [bottoms[0]]

    def module(self) -> nn.Module:
        """Bias."""
        from converter.modules import combine

        return combine.Bias(self.blobs[0].shape if self.blobs else None, self.axis)
