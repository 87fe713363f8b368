"""WindowSegData: windows of images and a label a pixel, as fed."""

from tests.case import Case, labels, signed

TYPE = "WindowSegData"

CASES = [
    Case(
        "DeconvNet's",
        "transform_param { mirror: true crop_size: 3 mean_value: 104.008 } "
        'image_data_param { source: "windows.txt" batch_size: 2 new_height: 4 new_width: 4 label_type: PIXEL }',
        {"data": signed(2, 3, 3, 3), "label": labels(3, 2, 1, 3, 3)},
        ("data", "label"),
    ),
    Case(
        "gray",
        "transform_param { crop_height: 3 crop_width: 2 } "
        "image_data_param { batch_size: 1 new_height: 4 new_width: 4 is_color: false }",
        {"data": signed(1, 1, 3, 2), "label": labels(3, 1, 1, 3, 2)},
        ("data", "label"),
    ),
]
