"""HashingLoss: pairs with and without common labels."""

from tests.case import CURVED, OWN, Case, given, signed

TYPE = "HashingLoss"

LABELS = [[1, 0, 1], [1, 1, 1], [0, 1, 0], [0, 0, 1]]

CASES = [
    Case("plain", inputs={"x": signed(4, 3), "labels": given(LABELS)}, exact=CURVED, gradient=OWN),
    Case(
        "margin, tradeoff, nsim",
        "hashing_loss_param { bi_margin: 0.25 tradeoff: 2 nsim: 2 }",
        {"x": signed(4, 3, 1, 1), "labels": given([[[[tag]] for tag in row] for row in LABELS])},
        exact=CURVED,
        gradient=OWN,
    ),
]
