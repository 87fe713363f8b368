"""LabelSpecificAdd: in both phases."""

from tests.case import Case, labels, signed

TYPE = "LabelSpecificAdd"

CASES = [
    Case(
        "train",
        "label_specific_add_param { bias: -0.5 transform_test: true }",
        {"x": signed(4, 3), "l": labels(3, 4)},
        phase="train",
    ),
    Case("test", "label_specific_add_param { bias: -0.5 }", {"x": signed(4, 3, 1, 1), "l": labels(3, 4)}),
    Case(
        "train, a bias that falls",
        "label_specific_add_param { bias_base: 0.25 bias_gamma: -0.125 bias_power: 2 bias_min: -0.5 bias_max: -0.25 "
        "iteration: 3 }",
        {"x": signed(4, 3), "l": labels(3, 4)},
        ("y", "bias"),
        gradient="the bias is another one at each pass",
        phase="train",
    ),
    Case("test, with a bias", inputs={"x": signed(2, 3), "l": labels(3, 2)}, tops=("y", "bias")),
]
