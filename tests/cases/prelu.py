"""PReLU: A learned slope."""

from tests.case import Case, signed

TYPE = "PReLU"

CASES = [
    Case("a slope a channel", "prelu_param { filler { value: 0.1 } }", {"x": signed(2, 3, 2, 2)}),
    Case("channel_shared", "prelu_param { channel_shared: true }", {"x": signed(2, 3, 2)}),
    Case("in place", inputs={"x": signed(2, 3)}, tops=("x",)),
]
