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
    Case(
        "cropped",
        "dense_image_data_param { batch_size: 2 is_color: true crop_height: 2 crop_width: 3 }",
        {"data": signed(2, 3, 2, 3), "label": labels(3, 2, 1, 2, 3)},
        ("data", "label"),
    ),
    Case(
        "labels of a quarter of each side",
        "dense_image_data_param { batch_size: 2 new_height: 9 new_width: 8 label_divide_factor: 4 }",
        {"data": signed(2, 3, 9, 8), "label": labels(3, 2, 1, 2, 2)},
        ("data", "label"),
    ),
]
