"""DetectionLoss: YOLO's first version."""

import numpy as np

from tests.case import DIVIDED, OWN, Case, given, signed

TYPE = "DetectionLoss"

LABELS = np.zeros((2, 28))
LABELS[0, [0, 4, 7]] = 1
LABELS[0, 8:12] = [2, -1, -1, 0]
LABELS[0, 12:16] = [0.2, 0.3, 0.5, 0.25]
LABELS[0, 24:28] = [0.9, 0.6, 0.1, 0.7]
LABELS[1, 5], LABELS[1, 9] = 1, 1
LABELS[1, 16:20] = [0.7, 0.1, 2.5, 1.5]
"""Of four cells two hold objects in the first item, one in the second, which nearly every box overlaps."""

BOTTOMS = {"x": signed(2, 52), "labels": given(LABELS)}


def case(name, fields, bottoms=BOTTOMS):
    """A case of three classes and two boxes in four cells."""
    body = f"detection_loss_param {{ side: 2 num_class: 3 num_object: 2 {fields} }}"
    return Case(name, body, bottoms, exact=DIVIDED, gradient=OWN)


CASES = [
    case("as caffe-yolo's nets have it", "constriant: true sqrt: true coord_scale: 5 noobject_scale: 0.5"),
    case("neither roots nor cells", "sqrt: false constriant: false object_scale: 2 class_scale: 3"),
    case("four axes", "", {"x": signed(2, 13, 2, 2), "labels": given(LABELS)}),
]
