"""CtcLoss: the loss of a text that is not aligned, by Baidu's rules, from scores and labels alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer
from converter.layers.warpctcloss import read_blank

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("CtcLoss")
class CtcLoss(Operator):
    """-log of the probability of all paths that collapse to the labels, mean over items; x: scores (t, n, c).

    Bottoms: x and labels (n, l), blanks (`blank_label`, 0) in them left out; the first `time_step` steps count. Labels
    that no path reaches lose nothing. The gradient is that of the sum, not of the mean.
    Source: xmfbit/warpctc-caffe, src/caffe/layers/ctc_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the blank and the sizes, and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        view, scores = p.message("ctc_loss_param"), bottoms[0]
        self.blank = read_blank(view, "blank_label", 0, scores)
        self.steps, classes = view.integer("time_step"), view.integer("alphabet_size")
        if bottoms[1][:1] != scores[1:2]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (t, n, c) and labels (n, l)")
        if not 0 < self.steps <= scores[0]:
            raise view.error("time_step", f"is {self.steps}", f"there are {scores[0]} steps")
        if classes != scores[2]:
            raise view.error("alphabet_size", f"is {classes}", f"there are {scores[2]} classes")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """LabelCTCLoss."""
        from converter.modules import ctc

        return ctc.LabelCTCLoss(self.blank, steps=self.steps)
