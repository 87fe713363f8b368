"""BatchReindex: items picked by number, some twice."""

from tests.case import Case, labels, signed

TYPE = "BatchReindex"

CASES = [
    Case("picked, repeated, reordered", inputs={"x": signed(3, 2, 2), "index": labels(3, 5)}),
]
