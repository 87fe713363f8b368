"""NormalizedSigmoidCrossEntropyLoss: per pixel, with a label to ignore, weighed."""

from tests.case import CURVED, Case, chances, given, signed, still

TYPE = "NormalizedSigmoidCrossEntropyLoss"

CASES = [
    Case("per pixel", inputs={"x": signed(2, 2, 1, 2), "t": still(chances(2, 2, 1, 2))}, exact=CURVED),
    Case(
        "ignore_label",
        "loss_param { ignore_label: -1 }",
        {"x": signed(1, 2, 1, 2), "t": given([[[[0, -1]], [[1, 0.5]]]])},
        exact=CURVED,
    ),
    Case(
        "weights",
        inputs={"x": signed(2, 2, 1, 2), "t": still(chances(2, 4)), "w": given([[1, 0], [0.5, 2]])},
        exact=CURVED,
    ),
]
