"""ConvolutionDepthwise: as many outputs as channels, whatever the file says."""

from tests.case import Case, signed

TYPE = "ConvolutionDepthwise"

CASES = [
    Case(
        "group understood",
        "convolution_param { num_output: 3 kernel_size: 3 stride: 2 bias_term: false }",
        {"x": signed(1, 3, 5, 4)},
    ),
    Case(
        "num_output and group of half the channels",
        "convolution_param { num_output: 2 group: 2 kernel_size: 3 pad: 1 }",
        {"x": signed(1, 4, 4, 3)},
    ),
    Case(
        "no num_output, dilation, fillers",
        'convolution_param { kernel_h: 2 kernel_w: 3 dilation: 2 axis: 1 weight_filler { type: "msra" } '
        "bias_filler { value: 1 } }",
        {"x": signed(1, 2, 5, 6)},
    ),
]
