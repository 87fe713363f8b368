"""MultinomialLogisticLoss: the cross entropy of given probabilities."""

from tests.case import CURVED, OWN, Case, given, labels, positive

TYPE = "MultinomialLogisticLoss"

CASES = [
    Case("four items", inputs={"x": positive(4, 3), "label": labels(3, 4)}, exact=CURVED),
    Case(
        "held at 1e-20",
        inputs={"x": given([[0.5, -0.5], [0, 1], [1e-30, 0.2]]), "label": given([1, 0, 0])},
        exact=CURVED,
        gradient=OWN,
    ),
]
