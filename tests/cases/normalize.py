"""Normalize: vectors divided by their length."""

from tests.case import CURVED, OWN, Case, signed

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
]
