"""HardSigmoid: a line held within 0 and 1."""

from tests.case import Case, signed

TYPE = "HardSigmoid"

CASES = [
    Case("plain", inputs={"x": signed(2, 3)}, exact="a fifth is no binary fraction"),
    Case("alpha, beta", "hardsigmoid_param { alpha: 0.5 beta: 0.25 }", {"x": signed(2, 3)}),
    Case("hard_sigmoid_param", "hard_sigmoid_param { alpha: 0.125 beta: 0.5 }", {"x": signed(2, 3)}),
]
