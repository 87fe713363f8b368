"""Softmax: along one axis, every other position by itself."""

from tests.case import CURVED, Case, signed

TYPE = "Softmax"

CASES = [
    Case("axis=1", inputs={"x": signed(2, 3, 2, 2)}, exact=CURVED),
    Case("axis=-1", "softmax_param { axis: -1 }", {"x": signed(2, 3, 4)}, exact=CURVED),
]
