"""Reduction: sums, means, magnitudes, squares."""

from tests.case import Case, signed

TYPE = "Reduction"

CASES = [
    Case("SUM, coeff=2", "reduction_param { coeff: 2 }", {"x": signed(2, 3)}),
    Case("MEAN, axis=1", "reduction_param { operation: MEAN axis: 1 }", {"x": signed(2, 2, 4)}),
    Case("ASUM, axis=-1", "reduction_param { operation: ASUM axis: -1 }", {"x": signed(2, 3, 4)}),
    Case("SUMSQ, coeff=0.5", "reduction_param { operation: SUMSQ axis: 1 coeff: 0.5 }", {"x": signed(3, 4)}),
]
