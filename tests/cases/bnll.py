"""BNLL: log(1 + exp(x))."""

from tests.case import CURVED, SOURCE, Case, given, signed

TYPE = "BNLL"

CASES = [
    Case("any shape", inputs={"x": signed(2, 3, 4)}, exact=CURVED),
    Case("far from zero", inputs={"x": given([[-60.0, -20.0, 0.0, 20.0, 60.0]])}, exact=CURVED, gradient=SOURCE),
]
