"""SmoothL1Loss: Fast R-CNN's loss on box offsets, a parabola that goes over into a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.lazytorch import torch
from converter.layers.kit.windows import count_of
from converter.layers.layer import Call, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


def smooth_l1(difference: Tensor, sigma: float) -> Tensor:
    """0.5 (sigma d)² where |d| < 1 / sigma², else |d| - 0.5 / sigma² (arXiv:1504.08083, equation 3)."""
    knee = 1 / sigma**2
    size = difference.abs()
    return torch.where(size < knee, 0.5 * sigma**2 * difference.square(), size - 0.5 * knee)


@layer("SmoothL1Loss", "SMOOTH_L1_LOSS")
class SmoothL1Loss(Operator):
    """Sum of outside * smooth_l1(inside * (x - target)) over the number of rows n; x: (n, ...).

    Bottoms: x, target, and, where given, the inside and the outside weights, all with as many values.
    Source: Fast R-CNN's src/caffe/layers/smooth_L1_loss_layer.cpp, py-faster-rcnn's for `sigma` and outside weights.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read sigma and compare the bottoms."""
        self.expect_bottoms(bottoms, 2, 4)
        self.sigma = p.message("smooth_l1_loss_param").number("sigma", 1.0)
        if any(count_of(shape) != count_of(bottoms[0]) for shape in bottoms):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected as many values in each")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()]

    def forward(self, call: Call) -> list[Tensor]:
        """The loss."""
        x, target, *weights = call.bottoms
        difference = x - target.reshape(x.shape)
        if weights:
            difference = weights[0].reshape(x.shape) * difference
        terms = smooth_l1(difference, self.sigma)
        if len(weights) > 1:
            terms = weights[1].reshape(x.shape) * terms
        return [terms.sum() / x.shape[0]]
