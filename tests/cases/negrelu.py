"""NegReLU: with and without a slope."""

from tests.case import Case, signed

TYPE = "NegReLU"

CASES = [
    Case("plain", inputs={"x": signed(2, 3)}),
    Case("negative_slope", "relu_param { negative_slope: 0.5 }", {"x": signed(2, 3)}),
]
