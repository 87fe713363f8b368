"""PriorBoxClustered: boxes of stated sizes."""

from tests.case import CURVED, PLACES, SOURCE, Case, signed

TYPE = "PriorBoxClustered"

BOTTOMS = {"x": signed(1, 2, 2, 3), "image": signed(1, 3, 30, 40)}


def case(name, fields):
    """A case on one map."""
    return Case(name, f"prior_box_param {{ {fields} }}", BOTTOMS, exact=CURVED, coarse=PLACES, gradient=SOURCE)


CASES = [
    case(
        "step, offset, variances",
        "width: 9.5 height: 20.25 width: 4 height: 3 step: 16 offset: 0.25 clip: false flip: false "
        "variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2",
    ),
    case("clip, one variance", "width: 30 height: 40 clip: true variance: 0.3"),
    case("img_h, img_w, step_h, step_w", "width: 5 height: 7 img_h: 30 img_w: 40 step_h: 15 step_w: 13"),
    case("img_size", "width: 5 height: 7 img_size: 32"),
]
