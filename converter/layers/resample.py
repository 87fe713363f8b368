"""Resample: FlowNet2's resizing by nearest, linear or cubic weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.target_size import read_target
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Resample")
class Resample(Operator):
    """x: (n, c, h, w) to (n, c, height, width), or to a second bottom's size, by NEAREST, LINEAR or CUBIC weights.

    Output place p lies at p f + g / 2 - 1/2 of the input, f its axis's size of input over output and g, as the source
    has it, the other axis's; NEAREST reads within the input, where the source's rounding would leave it. With
    `antialias` weights widen to the output's pixels where an axis shrinks. `factor` changes nothing. The source has no
    backward; here the derivative flows. Source: lmb-freiburg/flownet2, src/caffe/layers/resample_layer.cu.
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read size and weights."""
        self.expect_bottoms(bottoms, 1, 2)
        view = p.message("resample_param")
        self.size = read_target(view, bottoms, "height", "width")
        self.mode = view.choice("type", ("NEAREST", "LINEAR", "CUBIC"), "LINEAR").lower()
        self.antialias = view.flag("antialias", True)
        view.number("factor", 1.0)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, c, h', w')."""
        return [(*bottoms[0][:2], *(self.size or bottoms[1][2:]))]

    def module(self) -> nn.Module:
        """Resample."""
        from converter.modules import resampling

        return resampling.Resample(self.size, self.mode, self.antialias)
