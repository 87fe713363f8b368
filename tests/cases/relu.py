"""ReLU: rectified, leaky where a slope is set."""

from tests.case import Case, signed

TYPE = "ReLU"

CASES = [
    Case("plain", inputs={"x": signed(2, 3, 4)}),
    Case("negative_slope=0.5", "relu_param { negative_slope: 0.5 }", {"x": signed(2, 3)}),
    Case("in place", inputs={"x": signed(2, 3)}, tops=("x",)),
]
