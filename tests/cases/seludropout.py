"""SeLuDropout: nothing in phase TEST."""

from tests.case import Case, signed

TYPE = "SeLuDropout"

CASES = [
    Case("test", "selu_dropout_param { dropout_ratio: 0.05 alpha: -1.75809934 }", {"x": signed(2, 3)}),
    Case("the other spelling", inputs={"x": signed(2, 3)}, type="SeLUDropout"),
]
