"""LabelSpecificAdd: a margin taken from the true class's score, AM-Softmax's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.label_scores import LabelScores
from converter.layers.layer import Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("LabelSpecificAdd")
class LabelSpecificAdd(LabelScores):
    """x: (n, ...) with one score a class, labels: n numbers, to x with a bias added at the label, in phase TRAIN.

    Only a score above -bias gets it, so that none changes its sign; the bias is negative (-0.35). With `bias_base` it
    is base + (1 + gamma t)^power - 1, within bias_min and bias_max, t the passes in training before this one, from
    `iteration` on: counted in the module, kept by copies, in no file, as Caffe's. A second top tells it, (1,). In phase
    TEST the scores pass, and the second top is 0: the source reads `transform_test` in TRAIN alone. The gradient passes
    unchanged.
    Source: zhanglaplace/Caffe-ZF, src/caffe/layers/label_specific_add_layer.cpp (AM-Softmax, arXiv:1801.05599);
    happynear/caffe-windows, src/caffe/layers/label_specific_add.cpp.
    """

    def read(self, p: Params) -> None:
        """Read the bias, or how it falls."""
        view = p.message("label_specific_add_param")
        self.bias = view.number("bias", 0.0)
        view.flag("transform_test", False)
        self.falls = self._falls(view) if view.has("bias_base") else None
        self.iteration = view.integer("iteration", 0)

    def _falls(self, view: Params) -> tuple[float, float, float, float, float]:
        """Base, gamma, power, least and most of a bias that changes with the passes."""
        gamma, power = view.number("bias_gamma", 0.0), view.number("bias_power", 1.0)
        return view.number("bias_base"), gamma, power, view.number("bias_min", 0.0), view.number("bias_max", 0.0)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The scores' shape, and (1,)."""
        return [bottoms[0], (1,)][: self.tops]

    def module(self) -> nn.Module:
        """LabelMargin in phase TRAIN, with no bias in TEST."""
        from converter.modules import class_margins

        if self.phase == "train":
            return class_margins.LabelMargin(self.bias, self.falls, self.iteration, self.tops > 1)
        return class_margins.LabelMargin(0.0, gives_bias=self.tops > 1)
