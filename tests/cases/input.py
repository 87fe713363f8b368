"""Input: what the caller feeds."""

from tests.case import Case, signed

TYPE = "Input"

CASES = [
    Case(
        "two shapes",
        "input_param { shape { dim: 2 dim: 3 } shape { dim: 4 } }",
        {"a": signed(2, 3), "b": signed(4)},
        ("a", "b"),
    ),
]
