"""Eltwise: sum with coefficients, product, maximum."""

from tests.case import Case, signed

TYPE = "Eltwise"

CASES = [
    Case("sum", inputs={"a": signed(2, 3), "b": signed(2, 3)}),
    Case(
        "sum, coeff",
        "eltwise_param { operation: SUM coeff: 2 coeff: -1 coeff: 0.5 }",
        {"a": signed(2, 3), "b": signed(2, 3), "c": signed(2, 3)},
    ),
    Case("one bottom, scaled", "eltwise_param { operation: SUM coeff: 0.5 }", {"a": signed(2, 3)}),
    Case(
        "product of three",
        "eltwise_param { operation: PROD }",
        {"a": signed(2, 3), "b": signed(2, 3), "c": signed(2, 3)},
    ),
    Case(
        "maximum of three",
        "eltwise_param { operation: MAX }",
        {"a": signed(2, 3), "b": signed(2, 3), "c": signed(2, 3)},
    ),
]
