"""SegmentationEvaluate: overlaps of maps with labels of their own size and of another."""

from tests.case import CHOICE, Case, chances, given, still

TYPE = "SegmentationEvaluate"

CASES = [
    Case(
        "one size",
        "segmentation_evaluate_param { num_classes: 3 }",
        {"x": still(chances(2, 3, 3, 4)), "labels": still(chances(2, 3, 3, 4))},
        gradient=CHOICE,
    ),
    Case(
        "enlarged, threshold",
        "segmentation_evaluate_param { num_classes: 2 threshold: 0.3 }",
        {"x": still(chances(1, 2, 3, 4)), "labels": still(chances(1, 2, 5, 7))},
        gradient=CHOICE,
    ),
    Case(
        "reduced, a class without labels",
        "segmentation_evaluate_param { num_classes: 2 }",
        {"x": still(chances(1, 2, 5, 6)), "labels": given([[[[0, 0], [0, 0]], [[0, 1], [1, 1]]]])},
        gradient=CHOICE,
    ),
]
