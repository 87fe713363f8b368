"""DetectionEvaluate: hits and misses of detections, counted and marked."""

from tests.case import CHOICE, Case, given

TYPE = "DetectionEvaluate"

# Of image 0: a hit, a second one on the same box, a miss, one of a class without boxes. Image 2 has no true box.
FOUND = [
    [0, 1, 0.5, 0.125, 0.125, 0.5, 0.5], [0, 1, 0.75, 0.125, 0.125, 0.5, 0.5], [0, 1, 0.25, 0.75, 0.75, 0.875, 0.875],
    [0, 3, 0.5, 0, 0, 0.5, 0.5], [1, 2, 0.875, 0.25, 0.25, 0.75, 0.75], [1, -1, 0, 0, 0, 0, 0],
    [2, 2, 0.25, 0, 0, 0.5, 0.5], [2, 2, 0.5, 0, 0, 0.5, 0.5],
]  # fmt: skip
TRUE = [
    [0, 1, 0, 0.125, 0.125, 0.5, 0.5, 0], [0, 2, 0, 0, 0, 1, 1, 0], [1, 2, 0, 0.25, 0.25, 0.75, 0.875, 1],
    [-1, -1, -1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 1, 1, 0],
]  # fmt: skip
BOTTOMS = {"detections": given([[FOUND]]), "truth": given([[TRUE]])}

CASES = [
    Case("plain", "detection_evaluate_param { num_classes: 4 }", BOTTOMS, gradient=CHOICE),
    Case(
        "difficult boxes left out, overlap_threshold",
        (
            "detection_evaluate_param { num_classes: 4 evaluate_difficult_gt: false overlap_threshold: 0.75 "
            'name_size_file: "" }'
        ),
        BOTTOMS,
        gradient=CHOICE,
    ),
    Case(
        "background_label_id=4",
        "detection_evaluate_param { num_classes: 5 background_label_id: 4 }",
        BOTTOMS,
        gradient=CHOICE,
    ),
]
