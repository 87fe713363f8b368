"""CombinedMargin: the true class's angle multiplied and added to, and its cosine lessened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.label_scores import LabelScores
from converter.layers.layer import layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params

_M3 = 0.3499999940395355
"""The default of m3, 0.35, as float32."""


@layer("CombinedMargin")
class CombinedMargin(LabelScores):
    """x: (n, ...) with one cosine a class, labels: n numbers, to x with cos(m1 angle + m2) - m3 at the label.

    In both phases: the source reads `transform_test` and does not use it. As in the .cu the cosine is held 1e-4 within
    -1 to 1, the new angle within 0 to pi - 1e-4, and the gradient, m1 sin(m1 angle + m2) / sin(angle), within 0 to 2;
    it passes where a bound holds the value too. The .cpp has no bounds.
    Source: gehaocool/CombinedMargin-caffe, combined_margin_layer.cu; xialuxi/arcface-caffe, combined_margin_layer.cpp.
    """

    in_place = False

    def read(self, p: Params) -> None:
        """Read the three margins."""
        view = p.message("combined_margin_param")
        self.margins = view.number("m1", 4.0), view.number("m2", 0.5), view.number("m3", _M3)
        view.flag("transform_test", False)

    def module(self) -> nn.Module:
        """CombinedMargin."""
        from converter.modules import class_margins

        return class_margins.CombinedMargin(*self.margins)
