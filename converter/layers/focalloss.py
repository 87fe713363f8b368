"""FocalLoss: the logistic loss of a softmax in which examples that are classified well count less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.losses import read_normalizer
from converter.layers.layer import Shapes, layer
from converter.layers.softmaxwithloss import SoftmaxWithLoss

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("FocalLoss")
class FocalLoss(SoftmaxWithLoss):
    """-sum of alpha (1 - p)^gamma log p over the positions that count, divided by the normalizer; p softmax(x)[label].

    x: (outer..., c, inner...) with c along softmax_param.axis, labels: outer * inner values in x's order. A second top
    holds the probabilities. `beta` is read and unused, as in the source, which computes ORIGIN whatever `type` says:
    LINEAR is refused. Forks whose targets are one a score, of a sigmoid, have another layer of this name.
    Source: zimenglan-sysu-512/Focal-Loss, focal_loss_layer.cpp (arXiv:1708.02002).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis, the normalizer and the two numbers; compare the bottoms."""
        self.normalizer = read_normalizer(p.message("loss_param"), "VALID")
        self.read_axis(p, bottoms)
        view = p.message("focal_loss_param")
        view.choice("type", ("ORIGIN",), "ORIGIN")
        view.number("beta", 1.0)
        self.alpha, self.gamma = view.number("alpha", 0.25), view.number("gamma", 2.0)
        if not self.alpha > 0:
            raise view.error("alpha", f"is {self.alpha:g}", "expected a number above 0")
        if not self.gamma >= 0:
            raise view.error("gamma", f"is {self.gamma:g}", "expected 0 or more")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar, and the probabilities."""
        return [(), bottoms[0]][: self.tops]

    def module(self) -> nn.Module:
        """FocalLoss."""
        from converter.modules import focal_loss

        n = self.normalizer
        return focal_loss.FocalLoss(self.axis, n.mode, n.ignore_label, self.tops > 1, self.alpha, self.gamma)
