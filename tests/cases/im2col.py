"""Im2col: windows laid out as channels."""

from tests.case import Case, signed

TYPE = "Im2col"

CASES = [
    Case("pad=1, stride=2", "convolution_param { kernel_size: 3 pad: 1 stride: 2 }", {"x": signed(2, 2, 4, 5)}),
    Case(
        "pairs, dilation",
        ("convolution_param { kernel_h: 2 kernel_w: 3 pad_h: 0 pad_w: 1 stride_h: 1 stride_w: 2 dilation: 2 }"),
        {"x": signed(1, 2, 4, 6)},
    ),
    Case(
        "larger than the input by less than a stride",
        "convolution_param { kernel_size: 2 stride: 2 }",
        {"x": signed(1, 2, 1, 4)},
    ),
    Case("axis=-2, one spatial axis", "convolution_param { kernel_size: 2 axis: -2 }", {"x": signed(2, 3, 5)}),
    Case("hole=2", "convolution_param { kernel_size: 2 hole: 2 }", {"x": signed(1, 2, 4, 5)}),
    Case("hole_h, hole_w", "convolution_param { kernel_size: 2 hole_h: 1 hole_w: 2 }", {"x": signed(1, 2, 4, 5)}),
]
