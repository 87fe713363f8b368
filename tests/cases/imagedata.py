"""ImageData: images and labels, as fed."""

from tests.case import Case, labels, signed

TYPE = "ImageData"

CASES = [
    Case(
        "fed",
        'image_data_param { source: "list" batch_size: 2 is_color: true new_height: 3 new_width: 4 }',
        {"data": signed(2, 3, 3, 4), "label": labels(2, 2)},
        ("data", "label"),
    ),
]
