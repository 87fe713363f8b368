"""Padding: zeros around maps, or a border cut off."""

from tests.case import Case, signed

TYPE = "Padding"

CASES = [
    Case("zeros", "padding_param { pad_beg: 1 pad_end: 2 }", {"x": signed(2, 3, 2, 4)}),
    Case("cut off", "padding_param { pad_beg: -2 pad_end: -1 }", {"x": signed(2, 3, 4, 5)}),
    Case("neither", "", {"x": signed(2, 3, 4, 5)}),
]
