"""Split: one blob under several names."""

from tests.case import Case, signed

TYPE = "Split"

CASES = [
    Case("three tops", inputs={"x": signed(2, 3)}, tops=("a", "b", "c")),
]
