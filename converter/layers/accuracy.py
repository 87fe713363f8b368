"""Accuracy: the share of positions whose label is among the best scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import canonical_axis, element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Accuracy", "ACCURACY")
class Accuracy(Operator):
    """Right is a position where fewer than top_k other classes score at least as high as the label: ties count against.

    x: (outer..., c, inner...), labels: outer * inner. Tops: the share of right positions (0 if none counts), and the
    same for each class, (c,). Source: src/caffe/layers/accuracy_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis, top_k and the ignored label."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("accuracy_param")
        self.axis = canonical_axis(view.integer("axis"), len(bottoms[0]))
        self.top_k = view.integer("top_k")
        self.ignore = view.integer("ignore_label") if view.has("ignore_label") else None
        if element_count(bottoms[1]) * bottoms[0][self.axis] != element_count(bottoms[0]):
            raise ShapeError(
                f"labels of shape {bottoms[1]} for scores of shape {bottoms[0]}; expected one per position"
            )

        if self.top_k > bottoms[0][self.axis]:
            raise view.error("top_k", f"is {self.top_k}", f"there are {bottoms[0][self.axis]} classes")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar, and one value per class."""
        return [(), (bottoms[0][self.axis],)][: self.tops]

    def module(self) -> nn.Module:
        """Accuracy."""
        from converter.modules import metric_losses

        return metric_losses.Accuracy(self.axis, self.top_k, self.ignore, per_class=self.tops > 1)
