"""L1Loss: the sum of absolute differences, NVIDIA's on DetectNet's boxes, FlowNet's also of end-point errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.losses import expect_equal_items
from converter.layers.layer import Operator, Shapes, layer
from converter.net.params import Params, to_single

if TYPE_CHECKING:
    from torch import nn

EPSILON = to_single(0.01)
"""FlowNet's shift below a root, as the schema holds it."""


@layer("L1Loss")
class L1Loss(Operator):
    """Sum of |a - b| / n; a: (n, ...), b: (n, ...) with as many values, top: (). Both get a gradient.

    FlowNet's form, known by one bottom or by l1_loss_param, has bottoms of one shape (n, c, ...): with
    `l2_per_location` it sums sqrt(sum over channels of (a - b)² + epsilon), the sum a mean with
    `l2_prescale_by_channels`; differences below `plateau`, and NaN, count as 0 and have no gradient;
    `normalize_by_num_entries` divides by the number of known values over c rather than by n.
    Source: NVIDIA's src/caffe/layers/l1_loss_layer.cpp; lmb-freiburg/flownet2, src/caffe/layers/l1loss_layer.cu.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Tell the two forms apart, read FlowNet's fields and compare the bottoms."""
        self.expect_bottoms(bottoms, 1, 2)
        self.flow = len(bottoms) == 1 or p.has("l1_loss_param")
        a, b = bottoms[0], bottoms[-1]
        if self.flow and (len(a) < 2 or a != b):
            raise ShapeError(f"bottoms of shapes {a} and {b}; expected one shape (n, c, ...)")
        expect_equal_items(a, b)
        view = p.message("l1_loss_param")
        self.per_location = view.flag("l2_per_location", False)
        self.prescale = view.flag("l2_prescale_by_channels", False)
        self.by_entries = view.flag("normalize_by_num_entries", False)
        self.epsilon, self.plateau = view.number("epsilon", EPSILON), view.number("plateau", 0.0)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """FlowL1Loss for FlowNet's form, else L1Loss."""
        from converter.modules import flow_losses, losses

        if not self.flow:
            return losses.L1Loss()
        return flow_losses.FlowL1Loss(self.per_location, self.epsilon, self.plateau, self.by_entries, self.prescale)
