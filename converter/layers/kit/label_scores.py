"""What margins on the score of each item's label share: scores and labels of fitting shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.examples import whole_numbers
from converter.layers.kit.windows import element_count
from converter.layers.layer import Array, Operator, Shapes

if TYPE_CHECKING:
    import numpy as np

    from converter.net.params import Params


class LabelScores(Operator):
    """A layer of scores (n, ...) and labels, n numbers, to scores of the same shape."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Compare the bottoms and read the fields."""
        self.expect_bottoms(bottoms, 2)
        x, labels = bottoms
        if not x or element_count(labels) != x[0]:
            raise ShapeError(f"labels of shape {labels} for scores of shape {x}; expected one an item")
        self.read(p)

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """Labels."""
        return whole_numbers(random, bottoms[0][1], bottoms[1]) if place == 1 and bottoms[0][1:] else None

    def read(self, p: Params) -> None:
        """Read the fields."""
