"""Swish: A value gated by its own sigmoid."""

from tests.case import CURVED, Case, signed

TYPE = "Swish"

CASES = [
    Case("beta=1.5", "swish_param { beta: 1.5 }", {"x": signed(2, 3, 4)}, exact=CURVED),
]
