"""DiceLoss: scores and targets."""

from tests.case import CURVED, Case, chances, signed, still

TYPE = "DiceLoss"

CASES = [
    Case("plain", inputs={"x": signed(2, 1, 3, 2), "t": still(chances(2, 1, 3, 2))}, exact=CURVED),
]
