"""Mean: both operations, every scale, several bottoms."""

from tests.case import Case, signed

TYPE = "Mean"

CASES = [
    Case("SUBTRACT", "mean_param { operation: SUBTRACT value: 1 value: 2 value: 3 }", {"x": signed(2, 6, 2, 1)}),
    Case(
        "ADD, scales, two bottoms",
        "mean_param { operation: ADD value: 2 mean_scale: 3 input_scale: 2 output_scale: 0.5 }",
        {"x": signed(2, 2, 2, 1), "z": signed(1, 1, 2, 2)},
        ("y", "w"),
    ),
]
