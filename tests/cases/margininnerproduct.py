"""MarginInnerProduct: every margin, lambda falling and held, both phases."""

from tests.case import CURVED, DIVIDED, OWN, Case, labels, signed

TYPE = "MarginInnerProduct"
FEATURES = {"x": signed(6, 4), "label": labels(3, 6)}


def body(more: str) -> str:
    """Three classes."""
    return f'margin_inner_product_param {{ num_output: 3 weight_filler {{ type: "xavier" }} {more} }}'


CASES = [
    Case("SINGLE", body("type: SINGLE"), FEATURES, exact=DIVIDED, gradient=OWN),
    Case("DOUBLE", body("type: DOUBLE base: 0.5"), FEATURES, exact=DIVIDED, gradient=OWN),
    Case("TRIPLE, lambda 0", body("type: TRIPLE base: 0"), FEATURES, exact=CURVED, gradient=OWN),
    Case(
        "QUADRUPLE, lambda falls, in training",
        body("type: QUADRUPLE base: 1000 gamma: 0.125 power: 1.5 iteration: 9 lambda_min: 5"),
        FEATURES,
        ("y", "lambda"),
        exact=CURVED,
        gradient=OWN,
        phase="train",
    ),
    Case(
        "of maps, axis=1, lambda held",
        body("axis: 1 type: QUADRUPLE base: 4 gamma: 1 power: 3 lambda_min: 0.75"),
        {"x": signed(4, 2, 1, 2), "label": labels(3, 4, 1, 1, 1)},
        ("y", "lambda"),
        exact=CURVED,
        gradient=OWN,
    ),
    Case(
        "of sequences, axis=-1",
        body("axis: -1 type: DOUBLE base: 0.25"),
        {"x": signed(2, 3, 4), "label": labels(3, 2, 3)},
        exact=DIVIDED,
        gradient=OWN,
    ),
]
