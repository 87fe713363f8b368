"""SmoothL1LossOHEM: the loss on box offsets, and each box's own."""

from tests.case import OWN, Case, given, positive, signed, still

TYPE = "SmoothL1LossOHEM"

MASK = given([[1, 0, 1], [1, 1, 0]])

CASES = [
    Case("two bottoms", inputs={"x": signed(2, 3), "t": signed(2, 3)}),
    Case("weights of 0 and 1, each box", inputs={"x": signed(2, 3), "t": signed(2, 3), "w": MASK}, tops=("y", "each")),
    Case(
        "places", "loss_param { normalization: FULL }", {"x": signed(2, 2, 2, 1), "t": signed(2, 2, 2, 1)}, ("y", "e")
    ),
    Case(
        "other weights",
        "loss_param { normalization: BATCH_SIZE }",
        {"x": signed(2, 3, 1, 2), "t": signed(2, 3, 1, 2), "w": still(positive(2, 3, 1, 2))},
        gradient=OWN,
    ),
    Case(
        "PRE_FIXED",
        "loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 4 }",
        {"x": signed(2, 3), "t": signed(2, 3)},
    ),
    Case("NONE", "loss_param { normalization: NONE }", {"x": signed(2, 3), "t": signed(2, 3)}),
    Case("normalize=false", "loss_param { normalize: false }", {"x": signed(2, 3), "t": signed(2, 3)}),
]
