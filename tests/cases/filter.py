"""Filter: items that a selector keeps."""

from tests.case import Case, given, signed

TYPE = "Filter"

CASES = [
    Case("two bottoms", inputs={"a": signed(4, 3), "b": signed(4, 2, 2), "keep": given([1, 0, 0, 2])}, tops=("y", "z")),
    Case("nothing kept", inputs={"a": signed(3, 2), "keep": given([0, 0, 0])}),
]
