"""Mish."""

from tests.case import CURVED, Case, signed

TYPE = "Mish"

CASES = [Case("plain", inputs={"x": signed(2, 3)}, exact=CURVED)]
