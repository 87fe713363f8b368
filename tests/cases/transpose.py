"""Transpose: every axis named."""

from tests.case import Case, signed

TYPE = "Transpose"

CASES = [
    Case("reversed", "transpose_param { dim: 2 dim: 1 dim: 0 }", {"x": signed(2, 3, 4)}),
]
