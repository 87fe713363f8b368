"""DenseCRF: a dense CRF's mean field with given weights, on maps with and without padding."""

from tests.case import CURVED, Case, given, signed, still

TYPE = "DenseCRF"


def bottoms(n: int, classes: int, height: int, width: int, sizes: list[list[int]], image: bool = True):
    """Scores, sizes without padding, and an image of three channels."""
    scores = {"scores": signed(n, classes, height, width), "sizes": given(sizes)}
    return {**scores, "image": still(signed(n, 3, height, width))} if image else scores


CASES = [
    Case(
        "as DeepLab's nets have it",
        "dense_crf_param { max_iter: 2 pos_w: 3 pos_xy_std: 2 bi_w: 5 bi_xy_std: 8 bi_rgb_std: 1.5 }",
        bottoms(1, 2, 2, 3, [[2, 3]]),
        exact=CURVED,
    ),
    Case(
        "two kernels each, padding, log-probabilities",
        "dense_crf_param { max_iter: 3 pos_w: 1 pos_w: 0.5 pos_xy_std: 2 pos_xy_std: 1 bi_w: 0.5 bi_w: 1 bi_xy_std: 8 "
        "bi_xy_std: 4 bi_rgb_std: 1.5 bi_rgb_std: 3 output_probability: false }",
        bottoms(2, 2, 2, 3, [[2, 2], [3, 4]]),
        exact=CURVED,
    ),
    Case(
        "no image",
        "dense_crf_param { pos_w: 3 pos_xy_std: 3 bi_w: 4 bi_xy_std: 49 bi_rgb_std: 5 output_probability: true }",
        bottoms(1, 3, 3, 2, [[1, 2]], image=False),
        exact=CURVED,
    ),
]
