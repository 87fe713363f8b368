"""Deconvolution: every option of the window, transposed."""

from tests.case import Case, signed

TYPE = "Deconvolution"

CASES = [
    Case("plain", "convolution_param { num_output: 3 kernel_size: 3 }", {"x": signed(2, 2, 3, 4)}),
    Case(
        "stride=2, pad=1, as the upsampling of DilatedNet",
        ("convolution_param { num_output: 3 group: 3 kernel_size: 4 stride: 2 pad: 1 bias_term: false }"),
        {"x": signed(1, 3, 3, 2)},
    ),
    Case("group=2", "convolution_param { num_output: 2 kernel_size: 2 group: 2 }", {"x": signed(1, 4, 3, 2)}),
    Case(
        "dilation=2", "convolution_param { num_output: 2 kernel_size: 3 dilation: 2 pad: 1 }", {"x": signed(1, 2, 3, 4)}
    ),
    Case(
        "pair of each",
        ("convolution_param { num_output: 2 kernel_h: 2 kernel_w: 3 pad_h: 0 pad_w: 1 stride_h: 1 stride_w: 2 }"),
        {"x": signed(1, 2, 3, 4)},
    ),
    Case(
        "stride beyond the kernel",
        "convolution_param { num_output: 2 kernel_size: 1 stride: 3 }",
        {"x": signed(1, 2, 2, 3)},
    ),
    Case(
        "one spatial axis, fillers",
        (
            'convolution_param { num_output: 2 kernel_size: 3 stride: 2 weight_filler { type: "xavier" '
            "} bias_filler { value: 1 } }"
        ),
        {"x": signed(1, 2, 4)},
    ),
    Case(
        "three spatial axes, two bottoms",
        "convolution_param { num_output: 1 kernel_size: 2 }",
        {"a": signed(1, 2, 2, 2, 2), "b": signed(1, 2, 2, 2, 2)},
        ("y", "z"),
    ),
    Case(
        "axis=2, hole=2",
        "convolution_param { num_output: 1 kernel_size: 2 axis: 2 hole: 2 }",
        {"x": signed(1, 2, 2, 2, 3)},
    ),
    Case(
        "hole_h, hole_w",
        "convolution_param { num_output: 1 kernel_size: 2 hole_h: 1 hole_w: 3 }",
        {"x": signed(1, 2, 2, 3)},
    ),
    Case(
        "dilation an axis",
        "convolution_param { num_output: 1 kernel_size: 2 dilation: 1 dilation: 2 }",
        {"x": signed(1, 2, 2, 3)},
    ),
]
