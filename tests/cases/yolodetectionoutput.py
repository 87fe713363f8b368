"""YoloDetectionOutput: boxes of one or two grids."""

from tests.case import CHOICE, CURVED, Case, signed

TYPE = "YoloDetectionOutput"

CASES = [
    Case(
        "one grid",
        (
            "yolo_detection_output_param { num_classes: 2 num_box: 2 confidence_threshold: 0.1 "
            "nms_threshold: 0.4 biases: 1 biases: 1.5 biases: 2 biases: 1 coords: 4 side: 13 label_map_file: 'names' }"
        ),
        {"x": signed(1, 14, 3, 3)},
        exact=CURVED,
        gradient=CHOICE,
    ),
    Case(
        "two grids, nothing found",
        ("yolo_detection_output_param { num_classes: 2 num_box: 1 confidence_threshold: 2 biases: 1 biases: 1.5 }"),
        {"x": signed(2, 7, 3, 3), "z": signed(2, 7, 2, 2)},
        exact=CURVED,
        gradient=CHOICE,
    ),
]
