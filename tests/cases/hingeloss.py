"""HingeLoss: one against all, with a margin."""

from tests.case import Case, labels, signed

TYPE = "HingeLoss"

CASES = [
    Case("L1", inputs={"x": signed(4, 3), "label": labels(3, 4)}),
    Case("L2, more axes", "hinge_loss_param { norm: L2 }", {"x": signed(4, 3, 1, 1), "label": labels(3, 4)}),
]
