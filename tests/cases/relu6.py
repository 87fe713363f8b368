"""ReLU6: rectified, and held at 6."""

from tests.case import SOURCE, Case, given, signed

TYPE = "ReLU6"

CASES = [
    Case("plain", inputs={"x": given([[-2, 0, 3, 6, 8]])}, gradient=SOURCE),
    Case("smooth places", inputs={"x": signed(2, 3)}),
    Case("negative_slope", "relu_param { negative_slope: 0.5 }", {"x": signed(2, 3)}),
    Case("relu6_param", "relu6_param { negative_slope: 0.25 }", {"x": signed(2, 3)}),
]
