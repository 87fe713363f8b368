"""EuclideanLoss: half the mean squared distance."""

from tests.case import Case, signed

TYPE = "EuclideanLoss"

CASES = [
    Case("four items", inputs={"a": signed(4, 3), "b": signed(4, 3)}),
    Case("other axes, as many values", inputs={"a": signed(2, 6), "b": signed(2, 3, 2)}),
]
