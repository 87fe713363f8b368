"""Dropout: nothing at all in TEST."""

from tests.case import Case, signed

TYPE = "Dropout"

CASES = [
    Case("test", "dropout_param { dropout_ratio: 0.7 }", {"x": signed(2, 3, 4)}),
    Case("in place", inputs={"x": signed(2, 3)}, tops=("x",)),
]
