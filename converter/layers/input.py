"""Input: the net's own inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from converter.net.params import Params


@layer("Input")
class Input(Operator):
    """Names blobs that the caller feeds; `shape` stands once for all tops or once for each.

    Source: src/caffe/layers/input_layer.cpp.
    """

    is_input = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the stated shapes."""
        self.expect_bottoms(bottoms, 0)
        view = p.message("input_param")
        shapes = [shape.integers("dim") for shape in view.messages("shape")]
        if len(shapes) not in {0, 1, self.tops}:
            raise view.error(
                "shape", f"is given {len(shapes)} times", f"expected once, or {self.tops} times (once per top)"
            )
        self.shapes = shapes * self.tops if len(shapes) == 1 else shapes

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The stated shapes; fewer than tops where the file leaves them to the caller."""
        return self.shapes
