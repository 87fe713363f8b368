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
]
