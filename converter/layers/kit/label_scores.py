"""What margins on the score of each item's label share: scores and labels of fitting shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes

if TYPE_CHECKING:
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

    def read(self, p: Params) -> None:
        """Read the fields."""
