"""Accuracy: shares of right positions; ties count against."""

from tests.case import CHOICE, Case, labels, signed

TYPE = "Accuracy"

CASES = [
    Case("one label an item", inputs={"x": signed(6, 4), "label": labels(4, 6)}, gradient=CHOICE),
    Case(
        "top_k=2, axis=1, per class",
        "accuracy_param { top_k: 2 axis: 1 }",
        {"x": signed(2, 4, 3, 3), "label": labels(4, 2, 1, 3, 3)},
        ("y", "each"),
        gradient=CHOICE,
    ),
    Case(
        "ignore_label, axis=-1",
        "accuracy_param { axis: -1 ignore_label: 2 }",
        {"x": signed(6, 3), "label": labels(3, 6)},
        gradient=CHOICE,
    ),
]
