"""LargeMarginInnerProduct: every margin, lambda fixed and falling, both phases."""

from tests.case import CURVED, DIVIDED, Case, labels, signed

TYPE = "LargeMarginInnerProduct"
FEATURES = {"x": signed(6, 4), "label": labels(3, 6)}


def body(more: str) -> str:
    """Three classes."""
    return f'largemargin_inner_product_param {{ num_output: 3 weight_filler {{ type: "xavier" }} {more} }}'


CASES = [
    Case("SINGLE", body("type: SINGLE"), FEATURES),
    Case("DOUBLE", body("type: DOUBLE base: 0.5"), FEATURES, exact=DIVIDED),
    Case("TRIPLE, lambda 0", body("type: TRIPLE base: 0"), FEATURES, exact=CURVED),
    Case(
        "QUADRUPLE, in training",
        body("type: QUADRUPLE base: 1.5 iteration: 9 lambda_min: 0.5"),
        FEATURES,
        ("y", "lambda"),
        exact=CURVED,
        phase="train",
    ),
    Case(
        "of maps, axis=1, lambda falls",
        body("axis: 1 type: QUADRUPLE base: 4 gamma: 1 power: 1.5 iteration: 2 lambda_min: 0.25"),
        {"x": signed(4, 2, 1, 2), "label": labels(3, 4, 1, 1, 1)},
        ("y", "lambda"),
        exact=CURVED,
    ),
    Case(
        "of sequences, axis=-1",
        body("axis: -1 type: DOUBLE base: 0.25"),
        {"x": signed(2, 3, 4), "label": labels(3, 2, 3)},
        exact=DIVIDED,
    ),
]
