"""ImageLabelData: images and label maps, as fed."""

from tests.case import Case, labels, signed

TYPE = "ImageLabelData"

CASES = [
    Case(
        "fed",
        ("image_label_data_param { batch_size: 1 label_slice { dim: 2 dim: 2 } } transform_param { crop_size: 6 }"),
        {"data": signed(1, 3, 6, 6), "label": labels(4, 1, 1, 2, 2)},
        ("data", "label"),
    ),
]
