"""Sigmoid: the logistic function."""

from tests.case import CURVED, Case, signed

TYPE = "Sigmoid"

CASES = [
    Case("any shape", "sigmoid_param { engine: CAFFE }", {"x": signed(2, 3, 4)}, exact=CURVED),
    Case("in place", inputs={"x": signed(2, 3)}, tops=("x",), exact=CURVED),
]
