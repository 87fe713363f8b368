"""EvalDetection: YOLOv2's boxes, suppressed across classes and marked."""

import numpy as np

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


CELLS = np.zeros((2, 28))
CELLS[0, [4, 5, 7]] = 1
CELLS[0, 8:12] = [0, 1, -1, 0]
CELLS[0, 12:20] = [0.25, 0.25, 1, 1, 0.75, 0.25, 0.5, 0.5]
CELLS[0, 24:28] = [0.75, 0.75, 0.75, 0.75]
CELLS[1, [2, 6, 10]] = 1
CELLS[1, 20:24] = [0.25, 0.75, 1.5, 1.5]
"""Three objects in the first item, a difficult one in the second."""

OF_CELLS = {"grid": still(signed(2, 48)), "truth": given(CELLS)}


def of_cells(name, fields):
    """A case of YOLO's first version, of two classes and two boxes in four cells."""
    body = f"eval_detection_param {{ side: 2 num_class: 2 num_object: 2 {fields} }}"
    return Case(name, body, OF_CELLS, exact=CURVED, gradient=CHOICE)


CASES = [
    of_cells("as caffe-yolo's nets have it", "threshold: 0.25 nms: 0.7 sqrt: true constriant: true"),
    of_cells("of cells, every box, OBJ", "score_type: OBJ threshold: 0.125 sqrt: false constriant: false"),
    of_cells("of cells, PROB", "score_type: PROB nms: 0.125 threshold: 0.0625"),
    case("as Intel's nets have it", "nms: 0.45", {**BOTTOMS, "data": still(signed(2, 3, 4, 4))}),
    case("OBJ, threshold", "nms: 0.25 score_type: OBJ threshold: 0.25 sqrt: false constriant: false", BOTTOMS),
    case("PROB", "nms: 0.75 score_type: PROB threshold: 0.375", BOTTOMS),
    case("without suppression", "", BOTTOMS),
]
