"""Downsample: with and without unknown places."""

from tests.case import DIVIDED, PLACES, Case, given, signed, still

TYPE = "Downsample"

NAN = float("nan")
HOLES = given([[[[1, NAN, 3, 4, NAN], [2, NAN, NAN, 5, NAN], [NAN, NAN, NAN, 1, NAN]]]])

CASES = [
    Case(
        "smaller",
        "downsample_param { top_height: 3 top_width: 4 }",
        {"x": signed(1, 2, 5, 6)},
        exact=DIVIDED,
        coarse=PLACES,
    ),
    Case(
        "with NaN",
        "downsample_param { top_height: 2 top_width: 3 }",
        {"x": HOLES},
        gradient="what is given has no gradient",
        coarse=PLACES,
    ),
    Case("second bottom of the same size", inputs={"x": signed(1, 2, 3, 4), "like": still(signed(1, 1, 3, 4))}),
    Case("one axis", inputs={"x": signed(1, 2, 3, 5), "like": still(signed(1, 1, 3, 3))}, exact=DIVIDED),
]
