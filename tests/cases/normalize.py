"""Normalize: vectors divided by their length."""

from tests.case import CURVED, DIVIDED, OWN, Case, signed

TYPE = "Normalize"

CASES = [
    Case(
        "whole images, one factor",
        "norm_param { across_spatial: true channel_shared: true eps: 0.5 }",
        {"x": signed(2, 3, 2, 2)},
        exact=CURVED,
    ),
    Case(
        "each position, a factor a channel",
        "norm_param { across_spatial: false channel_shared: false scale_filler { value: 20 } }",
        {"x": signed(2, 3, 2, 2)},
        exact=CURVED,
        gradient=OWN,
    ),
    Case("no factor, of features", inputs={"x": signed(3, 4)}, exact=CURVED),
    Case(
        "no factor, L1, its norm has a gradient",
        'normalize_param { normalize_type: "L1" bp_norm: true }',
        {"x": signed(2, 3, 2, 2)},
        ("y", "norm"),
        exact=DIVIDED,
    ),
    Case("no factor, L2, its norm has none", inputs={"x": signed(2, 3, 2, 2)}, tops=("y", "norm"), exact=CURVED),
    Case(
        "no factor, gradient times the norm",
        "normalize_param { fix_gradient: true }",
        {"x": signed(2, 3, 2, 1)},
        exact=CURVED,
        gradient=OWN,
    ),
]
