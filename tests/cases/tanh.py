"""TanH: the hyperbolic tangent."""

from tests.case import CURVED, Case, signed

TYPE = "TanH"

CASES = [
    Case("any shape", "tanh_param { engine: CAFFE }", {"x": signed(2, 3, 4)}, exact=CURVED),
    Case("in place", inputs={"x": signed(2, 3)}, tops=("x",), exact=CURVED),
]
