"""CPMData: images and maps of body parts, as fed."""

from tests.case import Case, signed

TYPE = "CPMData"

CASES = [
    Case(
        "two parts",
        "data_param { batch_size: 2 } cpm_transform_param { stride: 4 crop_size_x: 12 crop_size_y: 8 num_parts: 2 }",
        {"data": signed(2, 4, 8, 12), "label": signed(2, 6, 2, 3)},
        ("data", "label"),
    ),
]
