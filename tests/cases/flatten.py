"""Flatten: neighbouring axes merged."""

from tests.case import Case, signed

TYPE = "Flatten"

CASES = [
    Case("all but the first", inputs={"x": signed(2, 3, 4)}),
    Case("axis=1, end_axis=-2", "flatten_param { axis: 1 end_axis: -2 }", {"x": signed(2, 3, 2, 2)}),
]
