"""InfogainLoss: a cross entropy weighted by a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.infogain import Infogain
from converter.layers.kit.losses import read_normalizer
from converter.layers.kit.windows import canonical_axis, element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("InfogainLoss")
class InfogainLoss(Operator):
    """-sum over classes of H[label, class] log(max(p[class], 1e-20)) over the positions that count, / the normalizer.

    p is the softmax of x: (outer..., c, inner...) along infogain_loss_param.axis, label: one whole number a position,
    H: c * c values, the third bottom or a blob file (`source`), which is read when the layer first runs. Tops: (), and
    the probabilities if asked for. Holding p at 1e-20 does not touch the gradient.
    Source: src/caffe/layers/infogain_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis, the normalizer and where H is; compare the bottoms."""
        self.expect_bottoms(bottoms, 2, 3)
        view = p.message("infogain_loss_param")
        shape = bottoms[0]
        self.axis = canonical_axis(view.integer("axis"), len(shape))
        self.normalizer = read_normalizer(p.message("loss_param"), "VALID", legacy=False)
        classes = shape[self.axis]
        self.infogain = Infogain(view, classes) if len(bottoms) == 2 else None
        if element_count(bottoms[1]) * classes != element_count(shape):
            raise ShapeError(f"labels of shape {bottoms[1]} for scores of shape {shape}; expected one a position")
        if len(bottoms) == 3 and element_count(bottoms[2]) != classes * classes:
            raise ShapeError(f"infogain matrix of shape {bottoms[2]}; expected {classes} x {classes}")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar, and the probabilities."""
        return [(), bottoms[0]][: self.tops]

    def module(self) -> nn.Module:
        """InfogainLoss; a matrix in a file is read here."""
        import torch

        from converter.modules import losses

        n, matrix = self.normalizer, None if self.infogain is None else torch.from_numpy(self.infogain.read())
        return losses.InfogainLoss(self.axis, n.mode, n.ignore_label, self.tops > 1, matrix)
