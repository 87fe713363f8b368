"""BoxAnnotatorOHEM: R-FCN's choice of the boxes that are hard enough to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("BoxAnnotatorOHEM")
class BoxAnnotatorOHEM(Operator):
    """Labels and box weights of each image's roi_per_img boxes of greatest loss; else ignore_label and 0.

    Bottoms: regions (n, 5, h, w) with the image's number first, losses and labels (n, 1, h, w), weights (n, c, h, w);
    trailing axes of one may lack. Tops: labels (n, 1, h, w), weights (n, c, h, w). No gradient.
    Source: R-FCN's src/caffe/layers/box_annotator_ohem_layer.cpp and .cu.
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read how many boxes count, and compare the bottoms."""
        self.expect_bottoms(bottoms, 4)
        view = p.message("box_annotator_ohem_param")
        self.count, self.ignore = view.integer("roi_per_img"), view.integer("ignore_label", -1)
        if self.count < 1:
            raise view.error("roi_per_img", f"is {self.count}", "expected at least 1")
        regions, losses, labels, weights = ((*shape, *[1] * (4 - len(shape))) for shape in bottoms)
        single = (*regions[:1], 1, *regions[2:])
        if regions[1:2] != (5,) or losses != single or labels != single or (*weights[:1], 1, *weights[2:]) != single:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected 5, 1, 1 and any channels, the rest alike")
        self.shapes = [single, weights]

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The labels and the weights."""
        return self.shapes[: self.tops]

    def module(self) -> nn.Module:
        """BoxAnnotatorOHEM."""
        from converter.modules import hard_examples

        return hard_examples.BoxAnnotatorOHEM(self.count, self.ignore)
