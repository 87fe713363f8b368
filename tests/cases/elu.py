"""ELU: A rectifier with an exponential tail."""

from tests.case import CURVED, Case, signed

TYPE = "ELU"

CASES = [
    Case("alpha=0.5", "elu_param { alpha: 0.5 }", {"x": signed(2, 3, 4)}, exact=CURVED),
    Case("in place", inputs={"x": signed(2, 3)}, tops=("x",), exact=CURVED),
]
