"""CReLU: both signs side by side."""

from tests.case import Case, signed

TYPE = "CReLU"

CASES = [
    Case("plain", inputs={"x": signed(2, 3, 2)}),
    Case("negative_slope, concat_axis=2", "crelu_param { negative_slope: 0.5 concat_axis: 2 }", {"x": signed(2, 3, 2)}),
]
