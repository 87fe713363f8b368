"""CombinedMargin: where its bounds hold and where they do not."""

from tests.case import CURVED, OWN, Case, Input, labels

TYPE = "CombinedMargin"


def cosines(*shape: int) -> Input:
    """Numbers well within -1 and 1."""
    return Input(shape, lambda r, _: r.uniform(-0.6, 0.95, shape))


CASES = [
    Case(
        "a margin of each kind",
        "combined_margin_param { m1: 1.0625 m2: 0.25 m3: 0.125 transform_test: true }",
        {"x": cosines(4, 3), "l": labels(3, 4)},
        exact=CURVED,
    ),
    Case("four times the angle", inputs={"x": cosines(4, 3, 1, 1), "l": labels(3, 4)}, exact=CURVED, gradient=OWN),
    Case(
        "beyond both ends",
        "combined_margin_param { m1: 1 m2: -0.5 m3: 0 }",
        {"x": Input((4, 3), lambda r, _: r.uniform(-1, 1, (4, 3)) * 1.5), "l": labels(3, 4)},
        exact=CURVED,
        gradient=OWN,
        phase="train",
    ),
]
