"""ChannelScale: factors of items and of positions, gradients left out."""

from tests.case import OWN, Case, signed

TYPE = "ChannelScale"

CASES = [
    Case("of items", inputs={"x": signed(3, 4), "s": signed(3, 1, 1, 1)}),
    Case("of positions", inputs={"x": signed(2, 3, 2, 2), "s": signed(2, 1, 2, 2)}),
    Case(
        "gradients alone",
        "channel_scale_param { do_forward: false global_scale: false }",
        {"x": signed(2, 3), "s": signed(2)},
        gradient=OWN,
    ),
    Case(
        "no gradients of its own",
        "channel_scale_param { do_backward_feature: false do_backward_scale: false }",
        {"x": signed(2, 3), "s": signed(2)},
        gradient=OWN,
    ),
]
