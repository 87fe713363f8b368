"""Clip: values held within bounds."""

from tests.case import Case, signed

TYPE = "Clip"

CASES = [
    Case("min=-1, max=2", "clip_param { min: -1 max: 2 }", {"x": signed(2, 3, 4)}),
]
