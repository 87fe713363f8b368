"""DetectionOutput: boxes decoded, scored, suppressed class by class."""

from tests.case import CHOICE, CURVED, DIVIDED, Case, chances, given, signed

TYPE = "DetectionOutput"

PRIORS = given([[[0.1, 0.1, 0.4, 0.4, 0.15, 0.1, 0.4, 0.5, 0.5, 0.5, 0.9, 0.8], [0.1, 0.1, 0.2, 0.2] * 3]])
FEW_BOXES = {"offsets": signed(2, 12), "scores": chances(2, 9), "priors": PRIORS}

CASES = [
    Case(
        "center_size",
        (
            "detection_output_param { num_classes: 3 code_type: CENTER_SIZE confidence_threshold: 0.2 "
            "keep_top_k: 3 nms_param { nms_threshold: 0.45 top_k: 2 } }"
        ),
        FEW_BOXES,
        exact=CURVED,
        gradient=CHOICE,
    ),
    Case(
        "corner, all kept",
        "detection_output_param { num_classes: 3 nms_param { nms_threshold: 0.9 } }",
        FEW_BOXES,
        exact=DIVIDED,
        gradient=CHOICE,
    ),
    Case(
        "corner_size, background_label_id=2",
        (
            "detection_output_param { num_classes: 3 code_type: CORNER_SIZE background_label_id: 2 "
            "variance_encoded_in_target: true }"
        ),
        FEW_BOXES,
        exact=DIVIDED,
        gradient=CHOICE,
    ),
    Case(
        "a box a class, eta",
        ("detection_output_param { num_classes: 3 share_location: false nms_param { nms_threshold: 0.8 eta: 0.9 } }"),
        {**FEW_BOXES, "offsets": signed(2, 36)},
        exact=DIVIDED,
        gradient=CHOICE,
    ),
    Case(
        "nothing found",
        "detection_output_param { num_classes: 3 confidence_threshold: 2 }",
        FEW_BOXES,
        exact=DIVIDED,
        gradient=CHOICE,
    ),
]
