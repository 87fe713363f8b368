"""SigmoidCrossEntropyBalanceLoss: labels alone, and targets that do not count."""

from tests.case import CURVED, OWN, Case, given, labels, signed

TYPE = "SigmoidCrossEntropyBalanceLoss"

CASES = [
    Case("zeros and ones", inputs={"x": signed(2, 1, 3, 4), "t": labels(2, 2, 1, 3, 4)}, exact=CURVED),
    Case("another target", inputs={"x": signed(1, 5), "t": given([[0, 1, 2, 0, 0.5]])}, exact=CURVED, gradient=OWN),
]
