"""WarpCTCLoss: the loss of a text that is not aligned, by Baidu's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("WarpCTCLoss")
class WarpCTCLoss(Operator):
    """-log of the probability of all paths that collapse to the labels, mean over items; x: scores (t, n, c).

    Two bottoms: labels (n, l), blanks (`blank_index`, 0) in them left out. Four: steps (n,), numbers of labels (n,),
    labels (l, n). Three: indicators (t, n), 0 where a sequence begins, and labels (t, n), which a negative number ends
    and which count from 1 where the blank is 0. Labels that no path reaches lose nothing. The gradient is that of the
    sum, not of the mean, and in the source no loss_weight scales it.
    Source: senlinuc/caffe_ocr, src/caffe/layers/warp_ctc_loss_layer.cpp (ChWick/caffe's) and include/detail/cpu_ctc.h.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the blank and compare the bottoms."""
        self.expect_bottoms(bottoms, 2, 4)
        self.blank = read_blank(p.message("ctc_loss_param"), "blank_index", 0, bottoms[0])
        t, n = bottoms[0][:2]
        right = {
            2: bottoms[1][:1] == (n,),
            3: bottoms[1][:2] == (t, n) and bottoms[-1][:2] == (t, n),
            4: element_count(bottoms[1]) == n == element_count(bottoms[2 % len(bottoms)]) and bottoms[-1][1:2] == (n,),
        }
        if not right[len(bottoms)]:
            raise ShapeError(
                f"bottoms of shapes {list(bottoms)}; expected (t, n, c) and labels (n, l), or indicators and labels "
                "(t, n) each, or steps (n,), numbers of labels (n,) and labels (l, n)"
            )
        self.form = len(bottoms)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """LabelCTCLoss, IndicatorCTCLoss or LengthCTCLoss, by the number of bottoms."""
        from converter.modules import ctc

        if self.form == 2:
            return ctc.LabelCTCLoss(self.blank)
        if self.form == 3:
            return ctc.IndicatorCTCLoss(self.blank, True, 1 if self.blank == 0 else 0)
        return ctc.LengthCTCLoss(self.blank)


def read_blank(view: Params, name: str, default: int, scores: tuple[int, ...]) -> int:
    """The blank's class; scores have to be (t, n, c), perhaps with axes of length one.

    Raises:
        ShapeError: other axes.
        UnsupportedParameterError: no class of the scores.
    """
    if len(scores) < 3 or element_count(scores[3:]) != 1:
        raise ShapeError(f"scores of shape {scores}; expected (t, n, c)")
    blank = view.integer(name, default)
    if blank >= scores[2]:
        raise view.error(name, f"is {blank}", f"there are {scores[2]} classes")
    return blank
