"""LSTMUnit: one step; where cont is 0 the state is forgotten."""

from tests.case import CURVED, Case, given, signed

TYPE = "LSTMUnit"

CASES = [
    Case(
        "one step",
        inputs={"c": signed(1, 2, 2), "gates": signed(1, 2, 8), "cont": given([[0, 1]])},
        tops=("c1", "h1"),
        exact=CURVED,
    ),
]
