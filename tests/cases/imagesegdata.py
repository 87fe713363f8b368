"""ImageSegData: images, a label a pixel and the images' sizes, as fed."""

from tests.case import Case, given, labels, signed

TYPE = "ImageSegData"

CASES = [
    Case(
        "DeepLab's",
        "transform_param { mirror: true crop_size: 3 mean_value: 104.008 scale_factors: 0.5 scale_factors: 1 } "
        'image_data_param { source: "train.txt" root_folder: "VOC" batch_size: 2 shuffle: true label_type: PIXEL '
        "ignore_label: 255 }",
        {"data": signed(2, 3, 3, 3), "label": labels(3, 2, 1, 3, 3)},
        ("data", "label"),
    ),
    Case(
        "sides and sizes, gray",
        "transform_param { crop_height: 2 crop_width: 4 } image_data_param { batch_size: 1 is_color: false "
        "label_type: NONE new_height: 4 new_width: 4 }",
        {"data": signed(1, 1, 2, 4), "label": labels(3, 1, 1, 2, 4), "data_dim": given([[[[2, 3]]]])},
        ("data", "label", "data_dim"),
    ),
]
