"""Threshold: A step."""

from tests.case import CHOICE, Case, signed

TYPE = "Threshold"

CASES = [
    Case("threshold=1", "threshold_param { threshold: 1 }", {"x": signed(2, 3, 4)}, gradient=CHOICE),
]
