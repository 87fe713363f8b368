"""Parameter: A learned blob as a top."""

from tests.case import Case

TYPE = "Parameter"

CASES = [
    Case("of two axes", "parameter_param { shape { dim: 2 dim: 3 } }"),
]
