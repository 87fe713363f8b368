"""L1Loss: the sum of absolute differences."""

from tests.case import Case, given, signed

TYPE = "L1Loss"

CASES = [
    Case("two bottoms", inputs={"x": signed(2, 3), "t": signed(2, 3)}),
    Case("other axes", "loss_weight: 2", {"x": signed(2, 3, 2, 1), "t": signed(2, 6)}),
    Case("equal values", inputs={"x": signed(1, 2), "t": given([[9, -8]])}),
]
