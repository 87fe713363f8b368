"""Scale: A learned or given factor, broadcast."""

from tests.case import Case, signed

TYPE = "Scale"

CASES = [
    Case(
        "learned, with bias",
        "scale_param { bias_term: true filler { value: 2 } bias_filler { value: 1 } }",
        {"x": signed(2, 3, 2)},
    ),
    Case("axis=0, num_axes=2", "scale_param { axis: 0 num_axes: 2 }", {"x": signed(2, 3, 2)}),
    Case("axis=-1, num_axes=-1", "scale_param { axis: -1 num_axes: -1 }", {"x": signed(2, 3, 2)}),
    Case("num_axes=0", "scale_param { num_axes: 0 }", {"x": signed(2, 3)}),
    Case("second bottom", "scale_param { axis: 0 }", {"x": signed(2, 3, 2), "s": signed(2, 3)}),
    Case("second bottom, with bias", "scale_param { axis: 1 bias_term: true }", {"x": signed(2, 3, 2), "s": signed(3)}),
]
