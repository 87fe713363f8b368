"""SoftmaxWithLossOHEM: the cross entropy of a softmax, and each box's own."""

from tests.case import CURVED, Case, labels, signed

TYPE = "SoftmaxWithLossOHEM"

BOXES = {"x": signed(5, 3), "label": labels(3, 5)}
MAPS = {"x": signed(2, 3, 2, 2), "label": labels(3, 2, 1, 2, 2)}

CASES = [
    Case("valid", inputs=BOXES, exact=CURVED),
    Case("probabilities, each box", inputs=BOXES, tops=("y", "p", "each"), exact=CURVED),
    Case("ignore_label", "loss_param { ignore_label: 1 }", MAPS, tops=("y", "p", "each"), exact=CURVED),
    Case("ignore_label, FULL", "loss_param { ignore_label: 1 normalization: FULL }", MAPS, exact=CURVED),
    Case(
        "PRE_FIXED",
        "loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 128 }",
        BOXES,
        ("y", "p"),
        exact=CURVED,
    ),
    Case("NONE", "loss_weight: 0.5 loss_param { normalization: NONE }", BOXES, exact=CURVED),
    Case("axis=-1", "softmax_param { axis: -1 }", {"x": signed(4, 3), "label": labels(3, 4)}, exact=CURVED),
]
