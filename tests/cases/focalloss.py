"""FocalLoss: both numbers, ignored labels, normalizers."""

from tests.case import CURVED, Case, labels, signed

TYPE = "FocalLoss"

BOTTOMS = {"x": signed(2, 3, 2, 2), "label": labels(3, 2, 1, 2, 2)}

CASES = [
    Case("defaults, probabilities", inputs=BOTTOMS, tops=("y", "p"), exact=CURVED),
    Case(
        "ignore_label, gamma below 1",
        "loss_param { ignore_label: 1 normalize: true } focal_loss_param { type: ORIGIN gamma: 0.5 alpha: 2 beta: 1 }",
        BOTTOMS,
        exact=CURVED,
    ),
    Case(
        "axis=-1, BATCH_SIZE, gamma 0, loss_weight",
        "loss_weight: 0.5 softmax_param { axis: -1 } loss_param { normalization: BATCH_SIZE } "
        "focal_loss_param { gamma: 0 }",
        {"x": signed(4, 3), "label": labels(3, 4)},
        exact=CURVED,
    ),
]
