"""Pooling: sizes rounded up, windows clipped, masks."""

from tests.case import Case, positive, signed

TYPE = "Pooling"

CASES = [
    Case("MAX, odd size", "pooling_param { pool: MAX kernel_size: 2 stride: 2 }", {"x": signed(2, 2, 5, 7)}),
    Case("MAX, pad=1", "pooling_param { kernel_size: 3 stride: 2 pad: 1 }", {"x": signed(1, 2, 6, 5)}),
    Case(
        "MAX, last window would start in the padding",
        "pooling_param { kernel_size: 2 stride: 2 pad: 1 }",
        {"x": signed(1, 2, 4, 5)},
    ),
    Case("MAX with mask", "pooling_param { kernel_size: 3 stride: 2 }", {"x": signed(2, 2, 6, 5)}, ("y", "mask")),
    Case(
        "MAX with mask, stride beyond the kernel",
        "pooling_param { kernel_size: 1 stride: 3 }",
        {"x": signed(1, 1, 5, 5)},
        ("y", "mask"),
    ),
    Case(
        "MAX, stride beyond the kernel",
        "pooling_param { kernel_size: 1 stride: 3 }",
        {"x": signed(1, 2, 5, 5)},
    ),
    Case(
        "MAX, pad above half the kernel", "pooling_param { kernel_size: 3 stride: 3 pad: 2 }", {"x": signed(1, 2, 5, 6)}
    ),
    Case(
        "MAX, pairs",
        "pooling_param { kernel_h: 2 kernel_w: 3 stride_h: 1 stride_w: 2 pad_h: 1 pad_w: 0 }",
        {"x": signed(1, 2, 4, 6)},
    ),
    Case("AVE, kernel=2", "pooling_param { pool: AVE kernel_size: 2 stride: 2 }", {"x": signed(1, 2, 5, 4)}),
    Case(
        "AVE, pad=1 counted within, not beyond",
        "pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }",
        {"x": signed(1, 2, 5, 6)},
    ),
    Case("AVE, global", "pooling_param { pool: AVE global_pooling: true }", {"x": signed(2, 3, 3, 4)}),
    Case("MAX, global", "pooling_param { global_pooling: true }", {"x": signed(2, 3, 3, 4)}),
    Case(
        "AVE, stride beyond the kernel",
        "pooling_param { pool: AVE kernel_size: 2 stride: 3 }",
        {"x": signed(1, 1, 5, 8)},
    ),
    Case(
        "AVE, empty windows are 0 / 0",
        "pooling_param { pool: AVE kernel_size: 2 stride: 3 }",
        {"x": signed(1, 1, 6, 7)},
        gradient="0 / 0 has none",
    ),
    Case("round_mode=FLOOR", "pooling_param { kernel_size: 2 stride: 2 round_mode: FLOOR }", {"x": signed(1, 2, 5, 5)}),
    Case("ceil_mode=false", "pooling_param { kernel_size: 2 stride: 2 ceil_mode: false }", {"x": signed(1, 2, 5, 5)}),
    Case(
        "STOCHASTIC in TEST", "pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 }", {"x": positive(1, 2, 4, 5)}
    ),
]
