"""InfogainLoss: A cross entropy weighted by a matrix, given as third bottom."""

import numpy as np

from tests.case import CURVED, Case, given, labels, signed

TYPE = "InfogainLoss"

H = given(np.arange(9).reshape(1, 1, 3, 3) / 4)

CASES = [
    Case("valid", inputs={"x": signed(4, 3), "label": labels(3, 4), "h": H}, exact=CURVED),
    Case(
        "ignore_label, axis=-3, probabilities",
        "infogain_loss_param { axis: -3 } loss_param { ignore_label: 1 }",
        {"x": signed(2, 3, 2, 2), "label": labels(3, 2, 1, 2, 2), "h": H},
        ("y", "p"),
        exact=CURVED,
    ),
    Case(
        "normalization=FULL",
        "loss_param { normalization: FULL }",
        {"x": signed(2, 3, 2, 2), "label": labels(3, 2, 1, 2, 2), "h": H},
        exact=CURVED,
    ),
]
