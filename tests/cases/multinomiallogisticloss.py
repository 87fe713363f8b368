"""MultinomialLogisticLoss: the cross entropy of given probabilities."""

from tests.case import CURVED, Case, labels, positive

TYPE = "MultinomialLogisticLoss"

CASES = [
    Case("four items", inputs={"x": positive(4, 3), "label": labels(3, 4)}, exact=CURVED),
]
