"""WindowData: windows cut from images, as fed."""

from tests.case import Case, labels, signed

TYPE = "WindowData"

CASES = [
    Case(
        "fed",
        "window_data_param { batch_size: 2 } transform_param { crop_size: 3 }",
        {"data": signed(2, 3, 3, 3), "label": labels(2, 2)},
        ("data", "label"),
    ),
]
