"""Reshape: the same values under other sizes."""

from tests.case import Case, signed

TYPE = "Reshape"

CASES = [
    Case("copy and infer", "reshape_param { shape { dim: 0 dim: -1 } }", {"x": signed(2, 3, 4)}),
    Case("axis=1, num_axes=1", "reshape_param { axis: 1 num_axes: 1 shape { dim: 2 dim: 2 } }", {"x": signed(2, 4, 3)}),
    Case("axis=-1 inserts", "reshape_param { axis: -1 shape { dim: 1 dim: 1 } }", {"x": signed(2, 3)}),
]
