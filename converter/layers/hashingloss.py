"""HashingLoss: codes of items with common labels drawn together, of others pushed apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer
from converter.net.params import Params, to_single

if TYPE_CHECKING:
    from torch import nn


_TRADEOFF = to_single(0.01)


@layer("HashingLoss")
class HashingLoss(Operator):
    """Mean cost of pairs, and tradeoff · mean distance of values from -1 and 1; top: ().

    Bottoms: codes (n, c, 1, 1) and labels (n, l), 1 for each label that an item has. A pair with labels in common costs
    max(d² - 4 c bi_margin e^-number, 0), another max(2 c - d², 0). Where less than a tenth of the pairs have nsim
    labels in common, pairs without any are drawn at random; a batch without a pair that counts has the loss NaN. The
    gradient is the original's, in which a pair's part is divided by n (n - 1) and the slope of d² is d.
    Source: leetonfreestyle/DMSH, src/caffe/layers/hashing_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read margin and weights, compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("hashing_loss_param")
        self.margin, self.tradeoff = view.number("bi_margin", 1.0), view.number("tradeoff", _TRADEOFF)
        self.nsim = view.integer("nsim", 1)
        codes, labels = bottoms
        if len(codes) < 2 or labels[:1] != codes[:1] or element_count(codes[2:]) * element_count(labels[2:]) != 1:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, c) and (n, l)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()]

    def module(self) -> nn.Module:
        """HashingLoss."""
        from converter.modules import hashing_loss

        return hashing_loss.HashingLoss(self.margin, self.tradeoff, self.nsim)
