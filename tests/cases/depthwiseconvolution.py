"""DepthwiseConvolution: A group for every channel, written out or not."""

from tests.case import Case, signed

TYPE = "DepthwiseConvolution"

CASES = [
    Case(
        "group written out",
        "convolution_param { num_output: 3 kernel_size: 3 pad: 1 group: 3 }",
        {"x": signed(1, 3, 4, 3)},
    ),
    Case(
        "group understood, two outputs a channel",
        "convolution_param { num_output: 6 kernel_size: 2 }",
        {"x": signed(1, 3, 4, 3)},
    ),
    Case(
        "stride, no bias",
        "convolution_param { num_output: 3 group: 3 kernel_size: 3 stride: 2 bias_term: false }",
        {"x": signed(1, 3, 5, 4)},
    ),
    Case(
        "pairs, dilation, fillers",
        (
            "convolution_param { num_output: 2 group: 2 kernel_h: 2 kernel_w: 3 pad_h: 1 pad_w: 2 "
            'stride_h: 2 stride_w: 1 dilation: 2 axis: 1 weight_filler { type: "msra" } bias_filler { '
            "value: 1 } }"
        ),
        {"x": signed(1, 2, 4, 5)},
    ),
    Case("hole=2", "convolution_param { num_output: 2 group: 2 kernel_size: 2 hole: 2 }", {"x": signed(1, 2, 4, 5)}),
    Case(
        "hole_h, hole_w",
        "convolution_param { num_output: 2 group: 2 kernel_size: 2 hole_h: 1 hole_w: 2 }",
        {"x": signed(1, 2, 4, 5)},
    ),
]
