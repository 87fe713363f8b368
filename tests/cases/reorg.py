"""Reorg: space for channels, in Darknet's order."""

from tests.case import OWN, Case, signed

TYPE = "Reorg"

CASES = [
    Case("stride=2", "reorg_param { stride: 2 }", {"x": signed(2, 4, 4, 6)}, gradient=OWN),
    Case("reverse", "reorg_param { stride: 2 reverse: true }", {"x": signed(2, 8, 2, 3)}, gradient=OWN),
]
