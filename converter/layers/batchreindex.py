"""BatchReindex: items picked, repeated and reordered by their position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("BatchReindex")
class BatchReindex(Operator):
    """y[i] = x[index[i]], x: (n, ...), index: (m,) whole numbers, y: (m, ...).

    Source: src/caffe/layers/batch_reindex_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        if not bottoms[0] or len(bottoms[1]) != 1:
            raise ShapeError(f"bottoms of shapes {bottoms[0]} and {bottoms[1]}; expected (n, ...) and (m,)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(m, ...)."""
        return [(bottoms[1][0], *bottoms[0][1:])]

    def module(self) -> nn.Module:
        """BatchReindex."""
        from converter.modules import select

        return select.BatchReindex()
