"""Log: logarithms to a base."""

from tests.case import CURVED, Case, positive

TYPE = "Log"

CASES = [
    Case("e", inputs={"x": positive(2, 3)}, exact=CURVED),
    Case("base=10, scale, shift", "log_param { base: 10 scale: 2 shift: 0.5 }", {"x": positive(2, 3)}, exact=CURVED),
]
