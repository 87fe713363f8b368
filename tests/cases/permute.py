"""Permute: the axes in another order."""

from tests.case import Case, signed

TYPE = "Permute"

CASES = [
    Case("to channels last", "permute_param { order: 0 order: 2 order: 3 order: 1 }", {"x": signed(2, 3, 2, 4)}),
    Case("the rest follows", "permute_param { order: 2 }", {"x": signed(2, 3, 4)}),
]
