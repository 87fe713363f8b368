"""NdPooling: maxima over windows written as shapes."""

from tests.case import Case, signed

TYPE = "NdPooling"

CASES = [
    Case(
        "three axes",
        ("pooling_param { pool: MAX kernel_shape { dim: 2 dim: 2 dim: 2 } stride_shape { dim: 2 dim: 2 dim: 1 } }"),
        {"x": signed(1, 2, 3, 4, 3)},
    ),
    Case(
        "two axes, padded",
        ("pooling_param { kernel_shape { dim: 3 dim: 2 } stride_shape { dim: 2 dim: 2 } pad_shape { dim: 1 dim: 0 } }"),
        {"x": signed(1, 2, 5, 5)},
    ),
]
