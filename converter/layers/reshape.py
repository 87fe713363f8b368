"""Reshape: the same values under other sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.net import Shape
    from converter.net.params import Params


@layer("Reshape")
class Reshape(Operator):
    """`num_axes` axes from `axis` on (-1: all that follow) give way to the sizes of `shape`.

    A size 0 copies the bottom's at the same position, one size may be -1 and takes what is left. A negative `axis`
    counts from behind the last axis. Source: src/caffe/layers/reshape_layer.cpp.
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the span and the sizes."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("reshape_param")
        rank = len(bottoms[0])
        axis, count = view.integer("axis"), view.integer("num_axes")
        self.start = axis if axis >= 0 else rank + axis + 1
        self.stop = rank if count == -1 else self.start + count
        if not 0 <= self.start <= self.stop <= rank:
            raise view.error("axis", f"is {axis} with num_axes {count}", f"the bottom has {rank} axes")
        self.sizes = view.message("shape").integers("dim")
        if any(size < -1 for size in self.sizes) or self.sizes.count(-1) > 1:
            raise view.error("shape", f"is {list(self.sizes)}", "expected sizes, 0 for a copy, and -1 at most once")
        if any(size == 0 and self.start + i >= rank for i, size in enumerate(self.sizes)):
            raise view.error("shape", f"is {list(self.sizes)}", f"its 0 copies an axis that {bottoms[0]} lacks")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The shape with the span replaced."""
        return [self._shape(bottoms[0])]

    def _shape(self, shape: Shape) -> Shape:
        copied = [shape[self.start + i] if size == 0 else size for i, size in enumerate(self.sizes)]
        fixed = element_count([*shape[: self.start], *(size for size in copied if size != -1), *shape[self.stop :]])
        left = element_count(shape) // fixed if fixed else 0
        result = (*shape[: self.start], *(left if size == -1 else size for size in copied), *shape[self.stop :])
        if element_count(result) != element_count(shape):
            raise ShapeError(
                f"{shape} cannot become {result}: {element_count(shape)} values, not {element_count(result)}"
            )
        return result

    def module(self) -> nn.Module:
        """Reshape."""
        from converter.modules import shapes

        return shapes.Reshape(self.sizes, self.start, self.stop)
