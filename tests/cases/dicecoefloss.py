"""DiceCoefLoss: its smoothing, bottoms of other axes."""

from tests.case import DIVIDED, OWN, Case, signed

TYPE = "DiceCoefLoss"

CASES = [
    Case("plain", inputs={"a": signed(3, 2, 2), "b": signed(3, 4)}, exact=DIVIDED, gradient=OWN),
    Case(
        "smooth",
        "dice_coef_loss_param { smooth: 0.5 }",
        {"a": signed(2, 3), "b": signed(2, 3)},
        exact=DIVIDED,
        gradient=OWN,
    ),
]
