"""Transpose: the axes in another order, all of them named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Transpose", "TRANSPOSE")
class Transpose(Operator):
    """Top axis i is bottom axis dim[i]; `dim` names every axis once.

    Source: the speech and text forks' src/caffe/layers/transpose_layer.cpp (xieguotian/caffe, tianzhi0549/CTPN).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read and check the order."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("transpose_param")
        self.order = view.integers("dim")
        if sorted(self.order) != list(range(len(bottoms[0]))):
            raise view.error("dim", f"is {list(self.order)}", f"expected each of 0 to {len(bottoms[0]) - 1} once")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The bottom's sizes, reordered."""
        return [tuple(bottoms[0][axis] for axis in self.order)]

    def module(self) -> nn.Module:
        """Permute."""
        from converter.modules import shapes

        return shapes.Permute(self.order)
