"""AffineTransform: within the image, beyond all of its edges, of another size."""

from tests.case import DIVIDED, Case, Input, signed

TYPE = "AffineTransform"


def near(*numbers: float) -> Input:
    """Two maps near these numbers, whose places fall between pixels."""
    return Input((2, 6), lambda r, _: numbers + 0.02 * r.standard_normal((2, 6)))


CASES = [
    Case(
        "within the image",
        inputs={"x": signed(2, 2, 4, 5), "theta": near(0.73, 0.11, 0.053, -0.13, 0.71, -0.071)},
        exact=DIVIDED,
    ),
    Case(
        "beyond its edges",
        inputs={"x": signed(2, 1, 3, 4), "theta": near(1.93, 0.31, -0.37, -0.23, 2.17, 0.29)},
        exact=DIVIDED,
    ),
    Case(
        "another size",
        "affine_transform_param { output_height: 3 output_width: 2 }",
        {"x": signed(2, 1, 4, 5), "theta": near(0.77, 0.053, 0.17, 0.071, -0.61, -0.11)},
        exact=DIVIDED,
    ),
]
