"""Data: images and labels, as fed."""

from tests.case import Case, labels, signed

TYPE = "Data"

CASES = [
    Case(
        "fed",
        ("data_param { batch_size: 2 } transform_param { crop_size: 4 mean_value: 1 mean_value: 2 mean_value: 3 }"),
        {"data": signed(2, 3, 4, 4), "label": labels(2, 2)},
        ("data", "label"),
    ),
]
