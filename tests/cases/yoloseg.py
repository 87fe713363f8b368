"""YoloSeg: maps of classes against labels, weighed by how rare a class is."""

from tests.case import CURVED, OWN, Case, chances, given, signed, still

TYPE = "YoloSeg"

BOTTOMS = {"x": signed(2, 2, 2, 3), "labels": still(chances(2, 2, 2, 3)), "areas": given([[3, 1], [2, 0]])}

CASES = [
    Case("plain", inputs=BOTTOMS, exact=CURVED, gradient=OWN),
    Case(
        "object_scale, fields that change nothing",
        "yolo_seg_param { object_scale: 0.2 num_class: 2 class_scale: 3 use_logic_gradient: true "
        "use_hardsigmoid: true }",
        {**BOTTOMS, "areas": given([[[[3]], [[1]]], [[[2]], [[0]]]])},
        exact=CURVED,
        gradient=OWN,
    ),
]
