"""Filter: the items that a selector keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.examples import whole_numbers
from converter.layers.kit.windows import element_count
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params


@layer("Filter")
class Filter(Operator):
    """Of every bottom but the last the items i with selector[i] != 0, in order; their number is known when it runs.

    data: (n, ...), any number of them, selector: (n,) or (n, 1, ...), last; tops: (kept, ...), 0 <= kept <= n.
    The selector gets no gradient, dropped items get 0. Source: src/caffe/layers/filter_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Compare the bottoms."""
        self.expect_bottoms(bottoms, 2, 1 << 16)
        items = bottoms[-1][:1]
        if not items or element_count(bottoms[-1]) != items[0] or any(shape[:1] != items for shape in bottoms):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, ...) each, and the selector (n,) last")

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """A selector of some of the items."""
        return whole_numbers(random, 2, bottoms[place]) if place == len(bottoms) - 1 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """As if every item were kept."""
        return list(bottoms[:-1])

    def module(self) -> nn.Module:
        """Filter."""
        from converter.modules import select

        return select.Filter()
