"""SpatialTransformer: every number free, some fixed."""

from tests.case import DIVIDED, Case, Input, signed

TYPE = "SpatialTransformer"


def near(*numbers: float) -> Input:
    """Two maps near these numbers, whose places fall between pixels."""
    shape = (2, len(numbers))
    return Input(shape, lambda r, _: numbers + 0.02 * r.standard_normal(shape))


CASES = [
    Case(
        "six numbers",
        inputs={"x": signed(2, 2, 4, 5), "theta": near(0.83, 0.11, 0.053, -0.13, 0.91, -0.071)},
        exact=DIVIDED,
    ),
    Case(
        "fixed numbers, another size",
        'st_param { output_H: 3 output_W: 2 theta_1_2: 0 theta_2_1: 0.25 transform_type: "affine" '
        'sampler_type: "bilinear" to_compute_dU: true }',
        {"x": signed(2, 1, 4, 5), "theta": near(0.77, 0.053, 0.91, 0.071)},
        exact=DIVIDED,
    ),
    Case(
        "translations alone",
        "st_param { theta_1_1: 1 theta_1_2: 0 theta_2_1: 0 theta_2_2: 1 }",
        {"x": signed(2, 1, 3, 3), "theta": near(0.173, -0.271)},
        exact=DIVIDED,
    ),
    Case(
        "rows and columns fixed",
        "st_param { theta_1_3: 0.21875 theta_2_3: -0.203125 }",
        {"x": signed(2, 1, 3, 3), "theta": near(0.77, 0.11, -0.13, 0.87)},
        exact=DIVIDED,
    ),
]
