"""ContrastiveLoss: pairs drawn together or pushed apart."""

from tests.case import CURVED, Case, labels, signed

TYPE = "ContrastiveLoss"

CASES = [
    Case(
        "margin=4",
        "contrastive_loss_param { margin: 4 }",
        {"a": signed(4, 3), "b": signed(4, 3), "label": labels(2, 4)},
        exact=CURVED,
    ),
    Case(
        "legacy_version, (n, c, 1, 1)",
        "contrastive_loss_param { margin: 9 legacy_version: true }",
        {"a": signed(4, 3, 1, 1), "b": signed(4, 3, 1, 1), "label": labels(2, 4)},
    ),
]
