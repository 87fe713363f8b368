"""Bias: A learned or given offset, broadcast."""

from tests.case import Case, signed

TYPE = "Bias"

CASES = [
    Case("learned, axis=1", inputs={"x": signed(2, 3, 2)}),
    Case(
        "axis=0, num_axes=2, filler", "bias_param { axis: 0 num_axes: 2 filler { value: 2 } }", {"x": signed(2, 3, 2)}
    ),
    Case("axis=-2, num_axes=-1", "bias_param { axis: -2 num_axes: -1 }", {"x": signed(2, 3, 2)}),
    Case("num_axes=0", "bias_param { num_axes: 0 }", {"x": signed(2, 3)}),
    Case("second bottom", "bias_param { axis: 1 }", {"x": signed(2, 3, 2), "b": signed(3, 2)}),
]
