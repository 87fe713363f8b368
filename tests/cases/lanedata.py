"""LaneData: road images, lanes and their map, as fed."""

from tests.case import Case, labels, signed

TYPE = "LaneData"

SIZE = "transform_param { resize_param { prob: 1 height: 8 width: 12 } mean_value: 1 mean_value: 2 mean_value: 3 }"

CASES = [
    Case(
        "map of a quarter of each side",
        f"{SIZE} data_param {{ batch_size: 2 }} annotated_data_param {{ seg_scales: 4 }}",
        {"data": signed(2, 3, 8, 12), "label": signed(2, 5, 64, 3), "map": labels(2, 2, 1, 2, 3)},
        ("data", "label", "map"),
    ),
    Case(
        "map of stated sides",
        f"{SIZE} data_param {{ batch_size: 1 }} annotated_data_param {{ seg_resize_width: 3 seg_resize_height: 5 }}",
        {"data": signed(1, 3, 8, 12), "label": signed(1, 5, 64, 3), "map": labels(2, 1, 1, 3, 5)},
        ("data", "label", "map"),
    ),
]
