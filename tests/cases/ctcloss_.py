"""CtcLoss: scores and labels."""

from tests.case import CURVED, OWN, Case, given, signed

TYPE = "CtcLoss"

CASES = [
    Case(
        "two items",
        "ctc_loss_param { blank_label: 3 alphabet_size: 4 time_step: 3 }",
        {"x": signed(4, 2, 4), "l": given([[1, 0], [2, 3]])},
        exact=CURVED,
        gradient=OWN,
    ),
]
