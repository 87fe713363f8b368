"""L1Loss: the sum of absolute differences, and FlowNet's end-point errors."""

from tests.case import CURVED, DIVIDED, Case, given, signed

TYPE = "L1Loss"

NAN = float("nan")
PAIR = {"x": signed(2, 2, 2, 1), "t": given([[[[1.5], [NAN]], [[-2.5], [NAN]]], [[[0.3], [5]], [[0.4], [7]]]])}

CASES = [
    Case("two bottoms", inputs={"x": signed(2, 3), "t": signed(2, 3)}),
    Case("other axes", "loss_weight: 2", {"x": signed(2, 3, 2, 1), "t": signed(2, 6)}),
    Case("equal values", inputs={"x": signed(1, 2), "t": given([[9, -8]])}),
    Case("one bottom", inputs={"x": signed(2, 3)}),
    Case("NaN and a plateau", "l1_loss_param { plateau: 0.75 normalize_by_num_entries: true }", PAIR, exact=DIVIDED),
    Case("end-point errors", "l1_loss_param { l2_per_location: true epsilon: 0.5 }", PAIR, exact=CURVED),
    Case(
        "end-point errors, plateau",
        "l1_loss_param { l2_per_location: true l2_prescale_by_channels: true plateau: 1.5 "
        "normalize_by_num_entries: true }",
        PAIR,
        exact=CURVED,
    ),
]
