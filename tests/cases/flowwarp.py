"""FlowWarp: within the image and outside it."""

from tests.case import Case, Input, signed

TYPE = "FlowWarp"


def small(*shape: int) -> Input:
    """Flows of whole pixels, or of a fraction of one well away from both its ends (where the derivative jumps)."""
    return Input(shape, lambda r, whole: r.integers(-2, 3, shape) if whole else r.uniform(0.1, 0.9, shape) - 1)


CASES = [
    Case("zeros outside", inputs={"x": signed(2, 3, 4, 5), "flow": small(2, 2, 4, 5)}),
    Case(
        "NaN outside",
        "flow_warp_param { fill_value: NOT_A_NUMBER }",
        {"x": signed(2, 3, 4, 5), "flow": Input((2, 2, 4, 5), lambda r, _: r.integers(-2, 3, (2, 2, 4, 5)), False)},
        gradient="NaN has no difference to compare a derivative with",
    ),
]
