"""Flip: columns, rows, both, neither."""

from tests.case import Case, signed

TYPE = "Flip"

CASES = [
    Case("columns", inputs={"x": signed(2, 2, 3, 4)}),
    Case("rows", "flip_param { flip_width: false flip_height: true }", {"x": signed(2, 1, 3, 4)}),
    Case("both", "flip_param { flip_height: true }", {"x": signed(1, 2, 2, 3)}),
]
