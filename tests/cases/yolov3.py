"""Yolov3: YOLOv3's loss of one grid."""

from tests.case import CURVED, OWN, Case, given, signed

TYPE = "Yolov3"

ANCHORS = "num: 2 mask: 1 mask: 2 biases: 10 biases: 14 biases: 30 biases: 20 biases: 24 biases: 48 anchors_scale: 16"
ROWS = [
    [[1, 0.3, 0.4, 0.5, 0.3], [0, 0.9, 0.1, 0.15, 0.6], [2, 0.35, 0.45, 0.5, 0.35], [0, 0, 0, 0, 0]],
    [[2, 0.6, 0.7, 0.2, 0.5], [0] * 5, [1, 0.1, 0.1, 0.1, 0.1], [0] * 5],
]
BOTTOMS = {"x": signed(2, 16, 3, 4), "labels": given(ROWS)}


def case(name, fields=""):
    """A case of three classes, and two of three anchors."""
    return Case(name, f"yolov3_param {{ num_class: 3 {ANCHORS} {fields} }}", BOTTOMS, exact=CURVED, gradient=OWN)


CASES = [
    case("plain"),
    case("several anchors a box", "iou_thresh: 0.3 label_smooth_eps: 0 coord_scale: 1 class_scale: 2 thresh: 0.6"),
    case(
        "one anchor a box, logistic gradient",
        "iou_thresh: 1 use_logic_gradient: true object_scale: 5 noobject_scale: 1 side: 13 use_focal_loss: false "
        "iou_loss: MSE iou_normalizer: 0.25 max_delta: 10 accumulate: true",
    ),
]
