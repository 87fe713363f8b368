"""EltwiseAccuracy: DeconvNet's share of pixels whose label is among the best scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("EltwiseAccuracy")
class EltwiseAccuracy(Operator):
    """Right is a pixel whose label is among the top_k best classes; of equal scores the later class is the better.

    x: (n, c, h, w), labels: (n, 1, h, w), top: (1, 1, 1, 1). Pixels of `ignore_label`, or of any other than
    `use_label`, do not count; NaN where none does. No gradient.
    Source: DeconvNet's src/caffe/layers/eltwise_accuracy_layer.cpp (HyeonwooNoh/caffe).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read top_k and the labels that count."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("eltwise_accuracy_param")
        self.top_k = view.integer("top_k", 1)
        self.ignore, self.use = (
            view.integer(name) if view.has(name) else None for name in ("ignore_label", "use_label")
        )
        x, labels = bottoms
        if len(x) != 4 or labels != (x[0], 1, *x[2:]):
            raise ShapeError(f"labels of shape {labels} for scores of shape {x}; expected (n, 1, h, w), (n, c, h, w)")
        if not 1 <= self.top_k <= x[1]:
            raise view.error("top_k", f"is {self.top_k}", f"there are {x[1]} classes")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """One number with four axes."""
        return [(1, 1, 1, 1)][: self.tops]

    def module(self) -> nn.Module:
        """PixelAccuracy."""
        from converter.modules import metric_losses

        return metric_losses.PixelAccuracy(self.top_k, self.ignore, self.use)
