"""Embed: rows looked up by number."""

from tests.case import Case, labels

TYPE = "Embed"

CASES = [
    Case("with bias", "embed_param { input_dim: 5 num_output: 3 }", {"x": labels(5, 2, 4)}),
    Case(
        "no bias, fillers",
        (
            'embed_param { input_dim: 4 num_output: 2 bias_term: false weight_filler { type: "xavier" } '
            "bias_filler { value: 1 } }"
        ),
        {"x": labels(4, 6)},
    ),
]
