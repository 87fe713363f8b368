"""Dropout: values dropped at random in training, nothing at all otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Dropout", "DROPOUT")
class Dropout(Operator):
    """Training: each value is kept with probability 1 - dropout_ratio and scaled by 1 / (1 - dropout_ratio).

    Of forks: without `scale_train` what is kept is not scaled, and TEST multiplies all by 1 - dropout_ratio;
    `sample_weights_test` draws in TEST too. Source: src/caffe/layers/dropout_layer.cpp; that of
    rbgirshick/caffe-fast-rcnn, of alexgkendall/caffe-segnet.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the ratio, which lies strictly between 0 and 1 in Caffe; 0 drops nothing."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("dropout_param")
        self.ratio = view.number("dropout_ratio")
        if not 0 <= self.ratio < 1:
            raise view.error("dropout_ratio", f"is {self.ratio:g}", "expected 0 <= ratio < 1")
        self.scaled = view.flag("scale_train", True)
        self.sampled = view.flag("sample_weights_test", False)
        if self.sampled and not self.scaled:
            raise view.error("sample_weights_test", "stands beside scale_train false", "no fork has both; use one")

    def module(self) -> nn.Module:
        """nn.Dropout, or a fork's."""
        from torch import nn

        from converter.modules import dropout

        if self.sampled:
            return dropout.SampledDropout(self.ratio)
        return nn.Dropout(self.ratio) if self.scaled else dropout.UnscaledDropout(self.ratio)
