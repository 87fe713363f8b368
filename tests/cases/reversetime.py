"""ReverseTime: with and without the rest."""

from tests.case import Case, given, signed

TYPE = "ReverseTime"

CASES = [
    Case("zeros behind", inputs={"x": signed(4, 3, 2), "n": given([4, 2, 0])}),
    Case("rest copied", "reverse_time_param { copy_remaining: true }", {"x": signed(4, 2), "n": given([3, 1])}),
]
