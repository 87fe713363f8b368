"""SeLu: its own numbers and others."""

from tests.case import CURVED, Case, signed

TYPE = "SeLu"

CASES = [
    Case("defaults", inputs={"x": signed(2, 3)}, exact=CURVED),
    Case("lambda, alpha", "selu_param { lambda: 2 alpha: 0.5 }", {"x": signed(2, 3)}, exact=CURVED),
    Case("the other spelling", inputs={"x": signed(2, 3)}, exact=CURVED, type="SeLU"),
]
