"""DeformableConvolution: a convolution whose every tap reads where an offset says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count, read_geometry
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("DeformableConvolution")
class DeformableConvolution(Operator):
    """A Convolution of x (n, c, h, w) whose tap k at a position reads from there, moved by its offset, bilinearly.

    offset: (n, 2 deformable_group kh kw, h', w'), for each group of channels and tap rows, then columns, in pixels. A
    place at or beyond a border's far side, or before the near one, reads 0; between the last pixel and the border it
    reads the last pixel. weight: (num_output, c / group, kh, kw), bias: (num_output,).
    Source: unsky/Deformable-ConvNets-caffe, deformable_conv_cxx/ (arXiv:1703.06211).
    """

    in_place = False
    legacy_axes = (4, 1)

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the window, compare it with the offsets."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("deformable_convolution_param")
        x, offset = bottoms
        if len(x) != 4 or len(offset) != 4:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, c, h, w) and (n, offsets, h', w')")
        self.channels, self.outputs = x[1], view.integer("num_output")
        self.geometry = read_geometry(view, 2)
        self.group, self.deformable_group = view.integer("group", 1), view.integer("deformable_group", 4)
        for name, count in (("group", self.group), ("deformable_group", self.deformable_group)):
            if count < 1 or self.channels % count or (name == "group" and self.outputs % count):
                raise view.error(name, f"is {count}", f"expected a divisor of {self.channels} inputs")
        if self.outputs < 1:
            raise view.error("num_output", f"is {self.outputs}", "expected at least 1")
        sizes = self.geometry.convolution_sizes(x[2:])
        wanted = (x[0], 2 * self.deformable_group * element_count(self.geometry.kernel), *sizes)
        if offset != wanted:
            raise ShapeError(f"offsets of shape {offset}; expected {wanted}, two for each group, tap and position")
        self.add_blob((self.outputs, self.channels // self.group, *self.geometry.kernel), view.message("weight_filler"))
        bias = view.message("bias_filler")
        if view.flag("bias_term", True):
            self.add_blob((self.outputs,), bias)
        else:
            bias.take_rest()

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, num_output, h', w')."""
        return [(bottoms[0][0], self.outputs, *bottoms[1][2:])]

    def multiply_adds(self, bottoms: Shapes, tops: Shapes) -> int:
        """One for each weight at each position; reading between pixels is not counted."""
        del bottoms
        return tops[0][0] * element_count(self.blobs[0].shape) * element_count(tops[0][2:])

    def module(self) -> nn.Module:
        """DeformableConv2d."""
        from converter.modules import deformable

        g, groups = self.geometry, (self.group, self.deformable_group)
        bias = len(self.blobs) > 1
        return deformable.DeformableConv2d(
            self.channels, self.outputs, g.kernel, g.stride, g.pad, g.dilation, *groups, bias
        )
