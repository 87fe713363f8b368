"""SegAccuracy: DeepLab's pixel accuracy, mean accuracy of classes and mean intersection over union."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("SegAccuracy")
class SegAccuracy(Operator):
    """The share of right pixels, its mean over the classes that labels name, the mean of all classes' overlap.

    x: (n, c, h, w), labels: (n, 1, h, w), top: (1, 1, 1, 3). Of equal scores the later class is the best; pixels of any
    `ignore_label` do not count; the overlap of a class that is neither seen nor meant is 1. Without `reset` pixels of
    earlier passes count too. `metric` changes nothing. No gradient.
    Source: hszhao/PSPNet (DeepLab v1, v2), src/caffe/layers/seg_accuracy_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the labels that do not count, compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("seg_accuracy_param")
        self.ignored, self.reset = view.integers("ignore_label"), view.flag("reset", True)
        view.choice("metric", ("PixelAccuracy", "ClassAccuracy", "PixelIOU"), "PixelAccuracy")
        x, labels = bottoms
        if len(x) != 4 or labels != (x[0], 1, *x[2:]):
            raise ShapeError(f"labels of shape {labels} for scores of shape {x}; expected (n, 1, h, w), (n, c, h, w)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """Three numbers."""
        return [(1, 1, 1, 3)]

    def module(self) -> nn.Module:
        """SegmentationScores."""
        from converter.modules import segmentation

        return segmentation.SegmentationScores(self.ignored, self.reset)
