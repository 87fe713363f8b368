"""BoxData: images and grids of true boxes, as fed."""

from tests.case import Case, signed

TYPE = "BoxData"

CASES = [
    Case(
        "two sides",
        "transform_param { force_color: true crop_size: 4 mirror: false } "
        'data_param { source: "lmdb" batch_size: 2 side: 2 side: 3 backend: LMDB }',
        {"data": signed(2, 3, 4, 4), "two": signed(2, 28), "three": signed(2, 63)},
        ("data", "two", "three"),
    ),
    Case(
        "YOLOv2's",
        "transform_param { crop_size: 4 mean_value: 1 mean_value: 2 mean_value: 3 } "
        "data_param { batch_size: 2 side: 13 }",
        {"data": signed(2, 3, 4, 4), "label": signed(2, 150)},
        ("data", "label"),
    ),
]
