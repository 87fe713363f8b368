"""AnnotatedData: images and boxes, as fed."""

from tests.case import Case, signed

TYPE = "AnnotatedData"

CASES = [
    Case(
        "fed",
        "data_param { batch_size: 2 } transform_param { resize_param { height: 3 width: 4 } }",
        {"data": signed(2, 3, 3, 4), "boxes": signed(1, 1, 5, 8)},
        ("data", "boxes"),
    ),
    Case(
        "fed, for YOLO",
        "data_param { batch_size: 1 } annotated_data_param { yolo_data_type: 1 }",
        {"data": signed(1, 3, 3, 4), "boxes": signed(1, 1, 300, 5)},
        ("data", "boxes"),
    ),
]
