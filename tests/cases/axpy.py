"""Axpy: A factor a channel, and a sum."""

from tests.case import Case, signed

TYPE = "Axpy"

CASES = [
    Case("factors (n, c, 1, 1)", inputs={"a": signed(2, 3, 1, 1), "x": signed(2, 3, 2, 2), "y0": signed(2, 3, 2, 2)}),
    Case("factors (n, c)", inputs={"a": signed(2, 3), "x": signed(2, 3, 2, 2), "y0": signed(2, 3, 2, 2)}),
]
