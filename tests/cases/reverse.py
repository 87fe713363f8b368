"""Reverse: one axis back to front."""

from tests.case import Case, signed

TYPE = "Reverse"

CASES = [
    Case("axis=0", inputs={"x": signed(3, 2)}),
    Case("axis=-1", "reverse_param { axis: -1 }", {"x": signed(3, 4)}),
]
