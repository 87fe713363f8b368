"""Scale: a product with a learned or given factor that is broadcast, and an optional learned bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import canonical_axis
from converter.layers.layer import Operator, Shapes, layer
from converter.net.fillers import Filler

if TYPE_CHECKING:
    from torch import nn

    from converter.net.net import Shape
    from converter.net.params import Params


def operand_shape(shape: Shape, axis: int, num_axes: int) -> Shape:
    """The sizes of `num_axes` axes from `axis` on (-1: all that follow): the shape of a factor or bias."""
    if num_axes < -1 or axis + num_axes > len(shape):
        raise ShapeError(f"num_axes {num_axes} from axis {axis} on; the bottom has {len(shape)} axes")
    return shape[axis:] if num_axes == -1 else shape[axis : axis + num_axes]


@layer("Scale")
class Scale(Operator):
    """x * factor (+ bias), the factor matched to x's axes from `axis` on.

    One bottom: the factor is blob 0, filled with 1 by default. Two bottoms: the second is the factor, and blob 0, if
    `bias_term` is set, the bias. Source: src/caffe/layers/scale_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the span and list factor and bias."""
        self.expect_bottoms(bottoms, 1, 2)
        view = p.message("scale_param")
        self.learned = len(bottoms) == 1
        axis, num_axes = view.integer("axis"), view.integer("num_axes")
        filler, bias_filler = view.message("filler"), view.message("bias_filler")
        if not self.learned:
            filler.take_rest()
            shape = bottoms[1]
            self.axis = 0 if not shape else canonical_axis(axis, len(bottoms[0]))
            if bottoms[0][self.axis : self.axis + len(shape)] != shape:
                raise ShapeError(
                    f"factor of shape {shape} against {bottoms[0]} from axis {self.axis} on; expected equal sizes"
                )
        else:
            self.axis = canonical_axis(axis, len(bottoms[0]))
            shape = operand_shape(bottoms[0], self.axis, num_axes)
            self.add_blob(shape, filler, default=Filler(value=1.0))
        if view.flag("bias_term"):
            self.add_blob(shape, bias_filler)
        else:
            bias_filler.take_rest()

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The first bottom's shape."""
        return [bottoms[0]]

    def module(self) -> nn.Module:
        """Scale, or ScaleByInput where the second bottom is the factor."""
        from converter.modules import combine

        shape = self.blobs[0].shape if self.blobs else None
        if not self.learned or shape is None:
            return combine.ScaleByInput(self.axis, shape)
        return combine.Scale(shape, self.axis, bias=len(self.blobs) > 1)
