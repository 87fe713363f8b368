"""SigmoidCrossEntropyLoss: the cross entropy of each value's own sigmoid."""

from tests.case import CURVED, Case, chances, labels, signed, still

TYPE = "SigmoidCrossEntropyLoss"

CASES = [
    Case("batch size", inputs={"x": signed(3, 4), "t": still(chances(3, 4))}, exact=CURVED),
    Case(
        "ignore_label, VALID",
        "loss_param { ignore_label: 1 normalization: VALID }",
        {"x": signed(3, 4), "t": labels(2, 3, 4)},
        exact=CURVED,
    ),
    Case("normalize", "loss_param { normalize: true }", {"x": signed(3, 4), "t": labels(2, 3, 4)}, exact=CURVED),
]
