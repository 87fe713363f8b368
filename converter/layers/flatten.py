"""Flatten: neighboring axes merged into one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import canonical_axis, element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.net import Shape
    from converter.net.params import Params


@layer("Flatten")
class Flatten(Operator):
    """The axes from `axis` to `end_axis`, both included, become one. Source: src/caffe/layers/flatten_layer.cpp."""

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axes."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("flatten_param")
        rank = len(bottoms[0])
        self.axis = canonical_axis(view.integer("axis"), rank)
        self.end = canonical_axis(view.integer("end_axis"), rank, "end_axis") + 1
        if self.end < self.axis:
            raise ShapeError(f"end_axis {self.end - 1} before axis {self.axis}; expected it at or behind")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The shape with the merged sizes multiplied."""
        return [self._shape(bottoms[0])]

    def _shape(self, shape: Shape) -> Shape:
        return (*shape[: self.axis], element_count(shape[self.axis : self.end]), *shape[self.end :])

    def module(self) -> nn.Module:
        """nn.Flatten; with an end axis just before the first, a new axis."""
        from torch import nn

        from converter.modules import shapes

        return nn.Flatten(self.axis, self.end - 1) if self.end > self.axis else shapes.Unsqueeze(self.axis)
