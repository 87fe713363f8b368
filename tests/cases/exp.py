"""Exp: powers of a base."""

from tests.case import CURVED, Case, signed

TYPE = "Exp"

CASES = [
    Case("e", inputs={"x": signed(2, 3)}, exact=CURVED),
    Case("base=2, scale, shift", "exp_param { base: 2 scale: 0.5 shift: -1 }", {"x": signed(2, 3)}, exact=CURVED),
]
