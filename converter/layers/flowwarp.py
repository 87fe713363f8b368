"""FlowWarp: an image read where a flow points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("FlowWarp")
class FlowWarp(Operator):
    """Image (n, c, h, w) and flow (n, 2, h, w), to the right and down in pixels, to (n, c, h, w), bilinear.

    Places outside the image give 0 or, with `fill_value: NOT_A_NUMBER`, NaN.
    Source: lmb-freiburg/flownet2, src/caffe/layers/flow_warp_layer.cpp (arXiv:1612.01925).
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the filling and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        image, flow = bottoms
        if len(image) != 4 or flow != (image[0], 2, *image[2:]):
            raise ShapeError(f"bottoms of shapes {image} and {flow}; expected (n, c, h, w) and (n, 2, h, w)")
        fill = p.message("flow_warp_param").choice("fill_value", ("ZERO", "NOT_A_NUMBER"), "ZERO")
        self.fill = 0.0 if fill == "ZERO" else float("nan")

    def module(self) -> nn.Module:
        """FlowWarp."""
        from converter.modules import flow

        return flow.FlowWarp(self.fill)
