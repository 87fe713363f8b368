"""ImageLabelmapData: images and an edge map each, as fed."""

from tests.case import Case, labels, signed

TYPE = "ImageLabelmapData"

CASES = [
    Case(
        "resized",
        "image_data_param { batch_size: 2 is_color: true new_height: 3 new_width: 4 }",
        {"data": signed(2, 3, 3, 4), "label": labels(2, 2, 1, 3, 4)},
        ("data", "label"),
    ),
    Case(
        "cropped",
        "transform_param { crop_size: 2 } image_data_param { batch_size: 1 is_color: false }",
        {"data": signed(1, 1, 2, 2), "label": labels(2, 1, 1, 2, 2)},
        ("data", "label"),
    ),
]
