"""BatchReindex: items picked, repeated and reordered by their position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.examples import whole_numbers
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
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

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """Items of the batch."""
        return whole_numbers(random, bottoms[0][0], bottoms[1]) if place == 1 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(m, ...)."""
        return [(bottoms[1][0], *bottoms[0][1:])]

    def module(self) -> nn.Module:
        """BatchReindex."""
        from converter.modules import select

        return select.BatchReindex()
