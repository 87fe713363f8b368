"""LpqLoss: a power of sums of powers, FlowNet2's loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.l1loss import EPSILON
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("LpqLoss")
class LpqLoss(Operator):
    """Sum of (sum over channels of (|a - b| + p_epsilon)^p + q_epsilon)^q / n; a, b: (n, c, ...), b may be missing.

    The sum is a mean with `l2_prescale_by_channels`; NaN counts as 0; `normalize_by_num_entries` divides by the number
    of known values over c. Of a schedule (pq_episode_starts_at_iter) only one that begins at 0 and stays is known.
    Source: lmb-freiburg/flownet2, src/caffe/layers/lpq_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the powers and compare the bottoms."""
        self.expect_bottoms(bottoms, 1, 2)
        if len(bottoms[0]) < 2 or bottoms[-1] != bottoms[0]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected one shape (n, c, ...)")
        view = p.message("lpq_loss_param")
        p_values, q_values = view.numbers("p"), view.numbers("q")
        if len(p_values) != 1 or len(q_values) != 1 or set(view.integers("pq_episode_starts_at_iter")) > {0}:
            what = f"is given {len(p_values)} times and q {len(q_values)} times"
            raise view.error("p", what, "a change of powers within a training is not known; give one p and one q")
        self.p, self.q = p_values[0], q_values[0]
        self.p_epsilon, self.q_epsilon = view.number("p_epsilon", 0.0), view.number("q_epsilon", EPSILON)
        self.by_entries = view.flag("normalize_by_num_entries", False)
        self.prescale = view.flag("l2_prescale_by_channels", False)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """LpqLoss."""
        from converter.modules import flow_losses

        return flow_losses.LpqLoss(self.p, self.q, self.p_epsilon, self.q_epsilon, self.by_entries, self.prescale)
