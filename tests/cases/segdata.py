"""SegData: images and a label a pixel, as fed."""

from tests.case import Case, labels, signed

TYPE = "SegData"

CASES = [
    Case(
        "cropped",
        "transform_param { mirror: true crop_size: 3 ignore_label: 255 scale_ratios: 0.8 scale_ratios: 1.2 } "
        'seg_data_param { source: "train.txt" root_dir: "VOC" batch_size: 2 shuffle: true balance: true }',
        {"data": signed(2, 3, 3, 3), "label": labels(3, 2, 1, 3, 3)},
        ("data", "label"),
    ),
    Case(
        "cropped to other sides",
        "transform_param { crop_height: 2 crop_width: 4 stride: 2 } seg_data_param { batch_size: 2 }",
        {"data": signed(2, 3, 2, 4), "label": labels(3, 2, 1, 2, 4)},
        ("data", "label"),
    ),
    Case(
        "resized",
        'seg_data_param { source: "names.txt" image_root_folder: "i/" label_root_folder: "l/" batch_size: 2 '
        "crop_size: 4 new_height: 4 new_width: 4 scale: 0.5 mean_value: 7 stride: 1 num_class: 3 mirror: true }",
        {"data": signed(2, 3, 4, 4), "label": labels(3, 2, 1, 4, 4)},
        ("data", "label"),
    ),
    Case(
        "of a database",
        "data_param { batch_size: 1 } transform_param { crop_size: 2 }",
        {"data": signed(1, 3, 2, 2), "label": labels(2, 1, 1, 2, 2)},
        ("data", "label"),
    ),
]
