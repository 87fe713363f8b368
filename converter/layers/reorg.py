"""Reorg: YOLO's exchange of space for channels, in Darknet's own order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Reorg", "REORG")
class Reorg(Operator):
    """(n, c, h, w) to (n, c * s², h / s, w / s), or with `reverse` to (n, c / s², h * s, w * s).

    Darknet computes the places as if the bottom were (n, c / s², h * s, w * s), so the result is not the usual space to
    depth: what it holds is that larger image taken apart into its s² phases, stored as c channels of h by w, and then
    only named by the top's shape. No gradient flows back: the source takes it from a blob of zeros, not from the top.
    Source: src/caffe/layers/reorg_layer.cpp (eric612/MobileNet-YOLO); Darknet's src/blas.c, reorg_cpu.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the stride and check that it divides."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("reorg_param")
        self.stride = view.integer("stride", 2)
        self.reverse = view.flag("reverse", False)
        if len(bottoms[0]) != 4:
            raise ShapeError(f"bottom of shape {bottoms[0]}; expected 4 axes (n, c, h, w)")
        _, c, h, w = bottoms[0]
        s = self.stride
        if s < 1 or c % (s * s) or (not self.reverse and (h % s or w % s)):
            raise view.error(
                "stride", f"is {s}", f"its square must divide the {c} channels, and it the sizes {h} and {w}"
            )

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """Channels times or over s², sizes over or times s."""
        n, c, h, w = bottoms[0]
        s = self.stride
        return [(n, c // s**2, h * s, w * s) if self.reverse else (n, c * s**2, h // s, w // s)]

    def module(self) -> nn.Module:
        """Reorg."""
        from converter.modules import shapes

        return shapes.Reorg(self.stride, self.reverse)
