"""LabelsequenceAccuracy: the share of sequences that are read without a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("LabelsequenceAccuracy")
class LabelsequenceAccuracy(Operator):
    """Scores (n, t, c), labels (n, l) -> (): sequences whose best path, merged and without blanks, is the label.

    `blank_label` is the blank; of equal scores the first class is taken. No gradient.
    Source: yalecyu/crnn.caffe, src/caffe/layers/labelsequence_accuracy_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the blank, compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        self.blank = p.message("labelsequence_accuracy_param").integer("blank_label", 0)
        scores, labels = bottoms
        if len(scores) != 3 or len(labels) < 2 or labels[0] != scores[0] or set(labels[2:]) - {1}:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, t, c) and (n, l)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()]

    def module(self) -> nn.Module:
        """SequenceAccuracy."""
        from converter.modules import sequences

        return sequences.SequenceAccuracy(self.blank)
