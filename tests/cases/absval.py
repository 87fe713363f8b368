"""AbsVal: magnitudes, on blobs of any number of axes."""

from tests.case import Case, signed

TYPE = "AbsVal"

CASES = [
    Case("any shape", inputs={"x": signed(2, 3, 4)}),
]
