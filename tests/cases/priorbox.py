"""PriorBox: boxes about every cell."""

from tests.case import CURVED, PLACES, SOURCE, Case, signed

TYPE = "PriorBox"

BOTTOMS = {"x": signed(1, 2, 2, 3), "image": signed(1, 3, 30, 40)}

CASES = [
    Case(
        "min and max size, ratios, clip",
        (
            "prior_box_param { min_size: 9 max_size: 16 aspect_ratio: 2 aspect_ratio: 3 clip: true "
            "variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 }"
        ),
        BOTTOMS,
        exact=CURVED,
        coarse=PLACES,
        gradient=SOURCE,
    ),
    Case(
        "flip=false, step, offset",
        ("prior_box_param { min_size: 9 aspect_ratio: 2 flip: false step: 10 offset: 0.25 variance: 0.1 }"),
        BOTTOMS,
        exact=CURVED,
        coarse=PLACES,
        gradient=SOURCE,
    ),
    Case(
        "img_h, img_w, step_h, step_w",
        "prior_box_param { min_size: 9 min_size: 12 img_h: 30 img_w: 40 step_h: 15 step_w: 13 }",
        BOTTOMS,
        exact=CURVED,
        coarse=PLACES,
        gradient=SOURCE,
    ),
    Case(
        "img_size",
        "prior_box_param { min_size: 9 img_size: 32 }",
        BOTTOMS,
        exact=CURVED,
        coarse=PLACES,
        gradient=SOURCE,
    ),
    Case(
        "FaceBoxes', densities",
        (
            "prior_box_param { fixed_size: 9 fixed_size: 16.5 density: 3 density: 1 aspect_ratio: 2 step: 14 "
            "variance: 0.1 }"
        ),
        BOTTOMS,
        exact=CURVED,
        coarse=PLACES,
        gradient=SOURCE,
    ),
    Case(
        "FaceBoxes', fixed_ratio",
        "prior_box_param { fixed_size: 7 density: 2 fixed_ratio: 0.5 clip: true }",
        BOTTOMS,
        exact=CURVED,
        coarse=PLACES,
        gradient=SOURCE,
    ),
]
