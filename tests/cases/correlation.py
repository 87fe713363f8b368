"""Correlation: patches, strides and both ways to compare."""

from tests.case import DIVIDED, Case, signed

TYPE = "Correlation"

PAIR = {"a": signed(1, 4, 4, 5), "b": signed(1, 4, 4, 5)}

CASES = [
    Case("FlowNet's", "correlation_param { pad: 4 kernel_size: 1 max_displacement: 4 stride_1: 1 stride_2: 2 }", PAIR),
    Case(
        "patches of 3",
        "correlation_param { pad: 3 kernel_size: 3 max_displacement: 2 stride_1: 2 do_abs: true }",
        PAIR,
        exact=DIVIDED,
    ),
    Case(
        "SUBTRACT",
        "correlation_param { pad: 1 kernel_size: 1 max_displacement: 1 stride_1: 2 correlation_type: SUBTRACT }",
        PAIR,
    ),
    Case(
        "SUBTRACT, patches of 3",
        "correlation_param { pad: 2 kernel_size: 3 max_displacement: 1 correlation_type: SUBTRACT }",
        PAIR,
        exact=DIVIDED,
    ),
]
