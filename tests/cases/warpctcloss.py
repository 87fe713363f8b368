"""WarpCTCLoss: labels in every form, one without a path."""

from tests.case import CURVED, OWN, Case, given, signed

TYPE = "WarpCTCLoss"

CASES = [
    Case("labels", inputs={"x": signed(4, 2, 3), "l": given([[1, 1, 0], [0, 2, 1]])}, exact=CURVED, gradient=OWN),
    Case(
        "no path",
        "ctc_loss_param { blank_index: 2 }",
        {"x": signed(3, 2, 3, 1), "l": given([[1, 1, 0], [0, 2, 1]])},
        exact=CURVED,
        gradient=OWN,
    ),
    Case(
        "indicators",
        inputs={
            "x": signed(3, 2, 3),
            "cont": given([[0, 0], [1, 1], [1, 0]]),
            "l": given([[1, 0], [0, -1], [-1, -1]]),
        },
        exact=CURVED,
        gradient=OWN,
    ),
    Case(
        "lengths",
        inputs={"x": signed(3, 2, 3), "t": given([3, 2]), "n": given([2, 1]), "l": given([[1, 2], [2, 0]])},
        exact=CURVED,
        gradient=OWN,
    ),
]
