"""LRN: across channels, or within each."""

from tests.case import CURVED, Case, signed

TYPE = "LRN"

CASES = [
    Case(
        "across, local_size=3, alpha=0.5",
        "lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 k: 2 }",
        {"x": signed(1, 5, 2, 2)},
        exact=CURVED,
    ),
    Case(
        "across, wider than the channels",
        "lrn_param { local_size: 7 alpha: 2 }",
        {"x": signed(1, 3, 2, 2)},
        exact=CURVED,
    ),
    Case(
        "within, local_size=3",
        "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 alpha: 0.5 beta: 0.5 k: 4 }",
        {"x": signed(1, 2, 4, 3)},
        exact=CURVED,
    ),
]
