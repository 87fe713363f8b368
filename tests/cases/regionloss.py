"""RegionLoss: YOLOv2's loss, of both forks."""

import numpy as np

from tests.case import CURVED, OWN, Case, given, signed

TYPE = "RegionLoss"

ANCHORS = "num: 2 biases: 1.5 biases: 1 biases: 0.5 biases: 2"
ROWS = [
    [[1, 0.3, 0.4, 0.5, 0.3], [0, 0.9, 0.1, 0.15, 0.6], [2, 0.35, 0.45, 0.5, 0.35], [0, 0, 0, 0, 0]],
    [[2, 0.6, 0.7, 0.2, 0.5], [0] * 5, [1, 0.1, 0.1, 0.1, 0.1], [0] * 5],
]
INTEL = [
    [0, 2, 0, 0.05, 0.25, 0.55, 0.55, 0], [0, 1, 0, 0.8, 0.05, 1, 0.35, 0], [1, 3, 0, 0.5, 0.45, 0.7, 0.95, 0],
    [-1, -1, -1, 0, 0, 0, 0, 0],
]  # fmt: skip
OURS = {"x": signed(2, 16, 3, 3), "labels": given([ROWS])}
THEIRS = {"x": signed(2, 16, 3, 3), "labels": given([[INTEL]])}


def case(name, fields, bottoms):
    """A case of three classes and two anchors."""
    return Case(name, f"region_loss_param {{ num_class: 3 {ANCHORS} {fields} }}", bottoms, exact=CURVED, gradient=OWN)


def case_of(name, fields):
    """A case of zhang-xin's form, whose rows have two axes."""
    rows = given(np.reshape(ROWS, (2, 20)))
    body = f"region_loss_param {{ {ANCHORS} {fields} }}"
    return Case(name, body, {"x": signed(2, 16, 3, 3), "labels": rows}, exact=CURVED, gradient=OWN)


CASES = [
    case("plain", "", {**OURS, "labels": given(ROWS)}),
    case(
        "without rescore and bias_match",
        "rescore: 0 bias_match: 0 coord_scale: 1 noobject_scale: 1 object_scale: 5 class_scale: 2 thresh: 0.6",
        {**OURS, "labels": given(ROWS)},
    ),
    case(
        "Intel's",
        "side: 3 coords: 4 softmax: true jitter: 0.2 absolute: 1 random: 0 object_scale: 5 noobject_scale: 1",
        THEIRS,
    ),
    case_of(
        "zhang-xin's",
        "num_classes: 3 threshold: 0.6 side: 3 softmax: true rescore: 1 object_scale: 5 coord_scale: 1 class_scale: 2",
    ),
    case_of(
        "zhang-xin's, without rescore and bias_match", "num_class: 3 threshold: 0.5 rescore: 0 bias_match: 0 batch: 2"
    ),
]
