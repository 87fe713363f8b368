"""Lstm: three axes, two axes, a mark for each step, bounded gradients."""

from tests.case import CURVED, OWN, Case, given, signed

TYPE = "Lstm"

CASES = [
    Case("three axes", "lstm_param { num_output: 2 }", {"x": signed(3, 2, 3)}, exact=CURVED),
    Case(
        "two axes, fillers",
        'lstm_param { num_output: 2 batch_size: 2 weight_filler { type: "xavier" } bias_filler { value: 1 } }',
        {"x": signed(6, 3)},
        exact=CURVED,
    ),
    Case("marks", "lstm_param { num_output: 2 }", {"x": signed(4, 1, 3), "cont": given([0, 1, 0, 1])}, exact=CURVED),
    Case(
        "bounded gradients",
        "lstm_param { num_output: 2 clipping_threshold: 0.001 }",
        {"x": signed(3, 1, 3)},
        exact=CURVED,
        gradient=OWN,
    ),
]
