"""Slice: one blob cut into several."""

from tests.case import Case, signed

TYPE = "Slice"

CASES = [
    Case("equal parts", inputs={"x": signed(2, 6, 2)}, tops=("a", "b", "c")),
    Case(
        "slice_point, axis=-1",
        "slice_param { axis: -1 slice_point: 1 slice_point: 3 }",
        {"x": signed(2, 5)},
        ("a", "b", "c"),
    ),
    Case("slice_dim=0", "slice_param { slice_dim: 0 slice_point: 1 }", {"x": signed(3, 2)}, ("a", "b")),
]
