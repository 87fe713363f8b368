"""EvalDetection: YOLOv2's boxes, suppressed across classes and marked."""

from tests.case import CHOICE, CURVED, Case, given, signed, still

TYPE = "EvalDetection"

ANCHORS = "num_object: 5 biases: 1 biases: 1 biases: 0.5 biases: 1 biases: 1 biases: 0.5 biases: 2 biases: 2 " + (
    "biases: 0.25 biases: 0.75"
)
TRUE = [
    [0, 1, 0, 0, 0, 0.5, 0.5, 0], [0, 2, 0, 0.25, 0.25, 1, 1, 0], [1, 2, 0, 0, 0, 0.75, 0.875, 1],
    [-1, -1, -1, 0, 0, 0, 0, 0], [0, 1, 0, 0.5, 0.5, 1, 1, 0], [2, 1, 0, 0, 0, 1, 1, 0],
]  # fmt: skip
BOTTOMS = {"grid": still(signed(2, 35, 2, 2)), "truth": given([[TRUE]])}


def case(name, fields, bottoms):
    """A case of two classes in four cells."""
    body = f"eval_detection_param {{ side: 2 num_class: 2 {ANCHORS} {fields} }}"
    return Case(name, body, bottoms, exact=CURVED, gradient=CHOICE)


CASES = [
    case("as Intel's nets have it", "nms: 0.45", {**BOTTOMS, "data": still(signed(2, 3, 4, 4))}),
    case("OBJ, threshold", "nms: 0.25 score_type: OBJ threshold: 0.25 sqrt: false constriant: false", BOTTOMS),
    case("PROB", "nms: 0.75 score_type: PROB threshold: 0.375", BOTTOMS),
    case("without suppression", "", BOTTOMS),
]
