"""Dropout: nothing at all in TEST, unless training left the values it kept as they were."""

from tests.case import Case, signed

TYPE = "Dropout"

CASES = [
    Case("test", "dropout_param { dropout_ratio: 0.7 }", {"x": signed(2, 3, 4)}),
    Case("in place", inputs={"x": signed(2, 3)}, tops=("x",)),
    Case("scaled in test", "dropout_param { dropout_ratio: 0.25 scale_train: false }", {"x": signed(2, 3, 4)}),
    Case("scaled in training", "dropout_param { scale_train: true sample_weights_test: false }", {"x": signed(2, 3)}),
]
