"""Yolov3DetectionOutput: boxes of several grids."""

from tests.case import CHOICE, CURVED, Case, signed

TYPE = "Yolov3DetectionOutput"

CASES = [
    Case(
        "two grids",
        (
            "yolov3_detection_output_param { num_classes: 2 num_box: 1 confidence_threshold: 0.2 "
            "nms_threshold: 0.4 biases: 10 biases: 14 biases: 20 biases: 30 mask: 1 mask: 0 "
            "mask_group_num: 2 anchors_scale: 32 anchors_scale: 16 }"
        ),
        {"x": signed(1, 7, 3, 3), "z": signed(1, 7, 6, 6)},
        exact=CURVED,
        gradient=CHOICE,
    ),
]
