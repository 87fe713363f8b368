"""ContinuationIndicator: both sizes; a bottom's items."""

from tests.case import SOURCE, Case, signed

TYPE = "ContinuationIndicator"

CASES = [
    Case("three steps", "continuation_indicator_param { time_step: 3 batch_size: 2 }", gradient=SOURCE),
    Case(
        "a bottom's items",
        "continuation_indicator_param { time_step: 3 axis: 1 }",
        {"x": signed(2, 4)},
        gradient=SOURCE,
    ),
    Case("one step", "continuation_indicator_param { time_step: 1 batch_size: 1 }", gradient=SOURCE),
]
