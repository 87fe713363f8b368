"""CTCLoss: the loss of a text that is not aligned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer
from converter.layers.warpctcloss import read_blank

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("CTCLoss")
class CTCLoss(Operator):
    """-log of the probability of all paths that collapse to the labels, mean over items; x: scores (t, n, c).

    Bottoms: x, indicators (t, n), 0 where a sequence begins, and labels (t, n), which a negative number ends. The blank
    is `blank_index`, the last class by default; `preprocess_collapse_repeated` merges equal neighbors of the labels.
    Paths that do not merge repeats, and a delay, are not known. Labels that no path reaches lose infinity. The gradient
    is that of the sum, not of the mean, and in the source no loss_weight scales it.
    Source: ChWick/caffe, src/caffe/layers/ctc_loss_layer.cpp; Graves 2012, section 7.3.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the blank, refuse other paths, and compare the bottoms."""
        self.expect_bottoms(bottoms, 3)
        view = p.message("ctc_loss_param")
        self.blank = read_blank(view, "blank_index", -1, bottoms[0])
        if not bottoms[0][:2] == bottoms[1][:2] == bottoms[2][:2]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (t, n, c), (t, n) and (t, n)")
        self.collapse = view.flag("preprocess_collapse_repeated", False)
        view.integer("loss_calculation_t", 0)
        if view.integer("output_delay", 0):
            raise view.error("output_delay", f"is {view.integer('output_delay')}", "no delay is known; leave it out")
        if not view.flag("ctc_merge_repeated", True):
            raise view.error("ctc_merge_repeated", "is false", "only paths that merge repeats are known")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """IndicatorCTCLoss."""
        from converter.modules import ctc

        return ctc.IndicatorCTCLoss(self.blank, collapse_repeated=self.collapse)
