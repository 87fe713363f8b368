"""L1Loss: the sum of absolute differences, NVIDIA's loss on DetectNet's boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.euclideanloss import EuclideanLoss
from converter.layers.layer import layer

if TYPE_CHECKING:
    from torch import nn


@layer("L1Loss")
class L1Loss(EuclideanLoss):
    """Sum of |a - b| / n; bottoms, top and gradients as EuclideanLoss has them.

    Source: NVIDIA's src/caffe/layers/l1_loss_layer.cpp.
    """

    def module(self) -> nn.Module:
        """L1Loss."""
        from converter.modules import losses

        return losses.L1Loss()
