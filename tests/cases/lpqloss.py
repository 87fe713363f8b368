"""LpqLoss: powers and shifts."""

from tests.case import CURVED, Case, given, signed

TYPE = "LpqLoss"

NAN = float("nan")

CASES = [
    Case(
        "p=2, q=0.2", "lpq_loss_param { p: 2 q: 0.2 }", {"x": signed(2, 2, 2, 1), "t": signed(2, 2, 2, 1)}, exact=CURVED
    ),
    Case(
        "every field",
        "lpq_loss_param { pq_episode_starts_at_iter: 0 p: 1.5 q: 0.5 p_epsilon: 0.1 q_epsilon: 0.2 "
        "l2_prescale_by_channels: true normalize_by_num_entries: true }",
        {"x": signed(1, 2, 2, 1), "t": given([[[[1.5], [NAN]], [[-2.5], [NAN]]]])},
        exact=CURVED,
    ),
    Case("one bottom", "lpq_loss_param { p: 2 q: 1 }", {"x": signed(2, 3)}, exact="epsilon is no whole number"),
]
