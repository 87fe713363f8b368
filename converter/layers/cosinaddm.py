"""CosinAddm: an angle added to that of the true class, whose cosine the score is, ArcFace's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.label_scores import LabelScores
from converter.layers.layer import layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("CosinAddm")
class CosinAddm(LabelScores):
    """x: (n, ...) with one cosine a class, labels: n numbers, to x with cos(angle + m) at the label, in phase TRAIN.

    From an angle of pi - m on it is the cosine less m sin(m). In phase TEST the scores pass, as in the .cu, which reads
    `transform_test` in TRAIN alone; the .cpp has no phases. A cosine of 1 or more counts as 1 and has gradient 1, as in
    the .cpp; the .cu leaves it and has no number for its gradient.
    Source: xialuxi/arcface-caffe, cosin_add_m_layer.cpp and .cu (arXiv:1801.07698).
    """

    in_place = False

    def read(self, p: Params) -> None:
        """Read the angle."""
        view = p.message("cosin_add_m_param")
        self.m = view.number("m", 0.5)
        view.flag("transform_test", False)

    def module(self) -> nn.Module:
        """ArcMargin in phase TRAIN, with no bias in TEST."""
        from converter.modules import class_margins

        return class_margins.ArcMargin(self.m) if self.phase == "train" else class_margins.LabelMargin(0.0)
