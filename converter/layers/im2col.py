"""Im2col: every window of a convolution, laid out as channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import canonical_axis, element_count, read_geometry
from converter.layers.layer import Operator, Shapes, Window, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Im2col")
class Im2col(Operator):
    """x: (outer..., c, spatial...) -> (outer..., c * kernel positions, output positions...), zeros outside.

    Within a channel the kernel's positions run row-major. The window is written as a convolution's (convolution_param).
    Source: src/caffe/layers/im2col_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the window."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("convolution_param")
        self.axis = canonical_axis(view.integer("axis"), len(bottoms[0]))
        axes = len(bottoms[0]) - self.axis - 1
        if axes < 1:
            raise ShapeError(f"bottom of shape {bottoms[0]} with channels along axis {self.axis}; expected axes behind")
        self.geometry = read_geometry(view, axes)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """As the class says."""
        shape = bottoms[0]
        channels = shape[self.axis] * element_count(self.geometry.kernel)
        return [(*shape[: self.axis], channels, *self.geometry.convolution_sizes(shape[self.axis + 1 :]))]

    def module(self) -> nn.Module:
        """Im2col."""
        from converter.modules import select

        g = self.geometry
        return select.Im2col(g.kernel, g.stride, g.pad, g.dilation, self.axis)

    def window(self) -> Window | None:
        """The dilated kernel."""
        return self.geometry.window
