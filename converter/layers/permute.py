"""Permute: the axes in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Permute", "PERMUTE")
class Permute(Operator):
    """Top axis i is bottom axis order[i]; axes that `order` leaves out follow in their old order.

    x: (n, c, h, w) with order 0, 2, 3, 1 gives (n, h, w, c). Source: SSD's src/caffe/layers/permute_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Complete the order and check it."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("permute_param")
        given, rank = view.integers("order"), len(bottoms[0])
        if len(set(given)) != len(given) or any(not 0 <= axis < rank for axis in given):
            raise view.error("order", f"is {list(given)}", f"expected different axes between 0 and {rank - 1}")
        self.order = (*given, *(axis for axis in range(rank) if axis not in given))

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The bottom's sizes, reordered."""
        return [tuple(bottoms[0][axis] for axis in self.order)]

    def module(self) -> nn.Module:
        """Permute."""
        from converter.modules import shapes

        return shapes.Permute(self.order)
