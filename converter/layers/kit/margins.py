"""What inner products with an angular margin share: SphereFace's and L-Softmax's, of equal fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from converter.errors import ShapeError
from converter.layers.kit.examples import whole_numbers
from converter.layers.kit.windows import canonical_axis, element_count
from converter.layers.layer import Array, Operator, Shapes

if TYPE_CHECKING:
    import numpy as np

    from converter.net.params import Params

_TYPES = ("SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE")


class MarginProduct(Operator):
    """A layer of features (leading..., K) and labels, one a leading place, to scores (leading..., N) and lambda (1,).

    `margin`: what an angle is multiplied by, 1 to 4. Everything that a module is made with stands in `options`.
    """

    in_place = False
    message: ClassVar[str] = ""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read sizes, the margin and how lambda falls, compare the bottoms, list the weight."""
        self.expect_bottoms(bottoms, 2)
        view = p.message(self.message)
        features, labels = bottoms
        self.axis = canonical_axis(view.integer("axis", 1), len(features))
        if self.axis < 1 or labels[:1] != features[:1] or element_count(labels) != element_count(features[: self.axis]):
            what = f"bottoms of shapes {features} and {labels}, axis {self.axis}"
            raise ShapeError(f"{what}; expected (n, ...), an axis from 1 on, and a label for each place before it")
        self.outputs, self.inputs = view.integer("num_output"), element_count(features[self.axis :])
        if self.outputs < 1:
            raise view.error("num_output", f"is {self.outputs}", "expected at least 1")
        self.margin = _TYPES.index(view.choice("type", _TYPES, "SINGLE")) + 1
        self.options = self._read_lambda(view)
        self.add_blob((self.outputs, self.inputs), view.message("weight_filler"))

    def _read_lambda(self, view: Params) -> dict[str, Any]:
        """The numbers of lambda = max(base * (1 + gamma * pass)^-power, lambda_min), refused where it could be NaN."""
        found: dict[str, Any] = {"iteration": view.integer("iteration", 0)}
        for name, default in (("base", 1.0), ("gamma", 0.0), ("power", 1.0), ("lambda_min", 0.0)):
            found[name] = view.number(name, default)
        for name in ("iteration", "gamma", "lambda_min"):
            if not found[name] >= 0:
                raise view.error(name, f"is {found[name]:g}", "expected 0 or more")
        return {**found, "axis": self.axis, "gives_lambda": self.tops > 1}

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """Labels."""
        return whole_numbers(random, self.outputs, bottoms[1]) if place == 1 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(leading..., num_output), and (1,)."""
        return [(*bottoms[0][: self.axis], self.outputs), (1,)][: self.tops]

    def multiply_adds(self, bottoms: Shapes, tops: Shapes) -> int:
        """One for each weight and leading place."""
        return element_count(bottoms[0][: self.axis]) * self.outputs * self.inputs
