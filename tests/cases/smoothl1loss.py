"""SmoothL1Loss: A parabola that goes over into a line."""

from tests.case import Case, ones, positive, signed, still

TYPE = "SmoothL1Loss"

CASES = [
    Case("two bottoms", inputs={"x": signed(2, 3), "t": signed(2, 3)}),
    Case("inside weights", inputs={"x": signed(2, 3), "t": signed(2, 3), "in": still(signed(2, 3))}),
    Case(
        "both weights, sigma=2",
        "smooth_l1_loss_param { sigma: 2 }",
        {"x": signed(2, 3), "t": signed(2, 3), "in": still(positive(2, 3)), "out": still(positive(2, 3))},
    ),
    Case("R-FCN's second top", "", {"x": signed(2, 3), "t": signed(2, 3)}, ("y", "each")),
    Case(
        "R-FCN's PRE_FIXED",
        "loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 4 }",
        {"x": signed(2, 3), "t": signed(2, 3), "in": still(ones(2, 3))},
    ),
]
