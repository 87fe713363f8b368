"""CosinAddm: in both phases, beyond pi - m, beyond a cosine of 1."""

from tests.case import CURVED, OWN, Case, Input, given, labels

TYPE = "CosinAddm"


def cosines(*shape: int) -> Input:
    """Numbers well within -1 and 1."""
    return Input(shape, lambda r, _: r.uniform(-0.8, 0.95, shape))


CASES = [
    Case(
        "train",
        "cosin_add_m_param { m: 0.25 transform_test: true }",
        {"x": cosines(4, 3), "l": labels(3, 4)},
        exact=CURVED,
        phase="train",
    ),
    Case(
        "train, beyond both ends",
        inputs={
            "x": Input((3, 2), lambda *_: given([[1.25, 0], [0, -0.9375], [-1.5, 0]]).draw(*_)),
            "l": given([0, 1, 0]),
        },
        exact=CURVED,
        gradient=OWN,
        phase="train",
    ),
    Case("test", "cosin_add_m_param { m: 0.25 }", {"x": cosines(4, 3, 1, 1), "l": labels(3, 4)}),
]
