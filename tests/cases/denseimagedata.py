"""DenseImageData: images and a label a pixel, as fed."""

from tests.case import Case, labels, signed

TYPE = "DenseImageData"

CASES = [
    Case(
        "fed",
        "dense_image_data_param { batch_size: 2 is_color: true new_height: 3 new_width: 4 }",
        {"data": signed(2, 3, 3, 4), "label": labels(3, 2, 1, 3, 4)},
        ("data", "label"),
    ),
]
