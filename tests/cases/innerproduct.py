"""InnerProduct: A matrix product over the last axes."""

from tests.case import DIVIDED, OWN, Case, signed

TYPE = "InnerProduct"

CASES = [
    Case("axis=1", "inner_product_param { num_output: 3 }", {"x": signed(2, 3, 2, 2)}),
    Case(
        "transpose, no bias",
        "inner_product_param { num_output: 3 transpose: true bias_term: false }",
        {"x": signed(2, 5)},
    ),
    Case(
        "axis=-1, fillers",
        ('inner_product_param { num_output: 4 axis: -1 weight_filler { type: "xavier" } bias_filler { value: 1 } }'),
        {"x": signed(2, 3, 5)},
    ),
    Case(
        "normalize, in training",
        "inner_product_param { num_output: 3 normalize: true }",
        {"x": signed(2, 3, 2, 2)},
        exact=DIVIDED,
        gradient=OWN,
        phase="train",
    ),
    Case(
        "normalize, no bias",
        "inner_product_param { num_output: 3 normalize: true bias_term: false }",
        {"x": signed(2, 4)},
        exact=DIVIDED,
        gradient=OWN,
    ),
]
