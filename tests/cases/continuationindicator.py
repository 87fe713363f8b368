"""ContinuationIndicator: both sizes."""

from tests.case import SOURCE, Case

TYPE = "ContinuationIndicator"

CASES = [
    Case("three steps", "continuation_indicator_param { time_step: 3 batch_size: 2 }", gradient=SOURCE),
    Case("one step", "continuation_indicator_param { time_step: 1 batch_size: 1 }", gradient=SOURCE),
]
