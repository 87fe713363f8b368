"""MultiStageMeanfield: a dense CRF's mean field with weights that are learned."""

from tests.case import CURVED, Case, signed, still

TYPE = "MultiStageMeanfield"

THETAS = "theta_alpha: 8 theta_beta: 1.5 theta_gamma: 2"


def bottoms(n: int, classes: int, height: int, width: int):
    """Unary, the scores to begin with, and an image of three channels."""
    scores = {name: signed(n, classes, height, width) for name in ("unary", "q")}
    return {**scores, "image": still(signed(n, 3, height, width))}


CASES = [
    Case(
        "two iterations",
        f"multi_stage_meanfield_param {{ num_iterations: 2 {THETAS} compatibility_mode: POTTS threshold: 2 "
        "spatial_filter_weight: 3 bilateral_filter_weight: 5 }",
        bottoms(1, 3, 2, 3),
        exact=CURVED,
    ),
    Case(
        "a number for each class, two images",
        f'multi_stage_meanfield_param {{ num_iterations: 3 {THETAS} spatial_filter_weights_str: "3 2" '
        'bilateral_filter_weights_str: "5 4 1" force_cpu: true }',
        bottoms(2, 2, 2, 2),
        exact=CURVED,
    ),
]
