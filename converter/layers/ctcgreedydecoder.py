"""CTCGreedyDecoder: the text that a net reads, or how right it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer
from converter.layers.warpctcloss import read_blank

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("CTCGreedyDecoder")
class CTCGreedyDecoder(Operator):
    """Scores (t, n, c) to the best class of each step without repeats and blanks, (n, t, 1, 1) with -1 behind the end.

    With labels (n, l), which a negative number ends, as a second bottom: (1, 2, 1, 1), 1 - the mean edit distance over
    the longer length, and the share of items without a mistake. The blank is `blank_index`, 0, of negative ones the
    last class; `ctc_merge_repeated` false keeps repeats. No gradient.
    Source: senlinuc/caffe_ocr, src/caffe/layers/ctc_decoder_layer.cpp.
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the blank and compare the bottoms."""
        self.expect_bottoms(bottoms, 1, 2)
        view = p.message("ctc_decoder_param")
        self.blank = read_blank(view, "blank_index", 0, bottoms[0])
        self.merge = view.flag("ctc_merge_repeated", True)
        self.measures = len(bottoms) == 2
        if self.measures and bottoms[1][:1] != bottoms[0][1:2]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (t, n, c) and labels (n, l)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, t, 1, 1), or both figures."""
        return [(1, 2, 1, 1) if self.measures else (bottoms[0][1], bottoms[0][0], 1, 1)]

    def module(self) -> nn.Module:
        """GreedyCTCAccuracy with labels, else GreedyCTCDecoder."""
        from converter.modules import ctc

        if self.measures:
            return ctc.GreedyCTCAccuracy(self.blank, self.merge)
        return ctc.GreedyCTCDecoder(self.blank, self.merge)
