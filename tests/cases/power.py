"""Power: A power of a line."""

from tests.case import CURVED, DIVIDED, Case, positive, signed

TYPE = "Power"

CASES = [
    Case("power=2, scale, shift", "power_param { power: 2 scale: 3 shift: -1 }", {"x": signed(2, 3)}),
    Case("power=1.5", "power_param { power: 1.5 shift: 1 }", {"x": positive(2, 3)}, exact=CURVED),
    Case("power=-1", "power_param { power: -1 }", {"x": positive(2, 3)}, exact=DIVIDED),
    Case("scale=0", "power_param { scale: 0 power: 3 shift: 2 }", {"x": signed(2, 3)}, gradient="a constant has none"),
]
