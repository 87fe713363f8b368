"""Convolution: every option of the window, alone and together."""

from tests.case import Case, signed

TYPE = "Convolution"

CASES = [
    Case("plain", "convolution_param { num_output: 3 kernel_size: 3 }", {"x": signed(2, 2, 5, 6)}),
    Case(
        "no bias, one by one",
        "convolution_param { num_output: 3 kernel_size: 1 bias_term: false }",
        {"x": signed(1, 4, 3, 2)},
    ),
    Case(
        "pad=1, stride=2",
        "convolution_param { num_output: 2 kernel_size: 3 pad: 1 stride: 2 }",
        {"x": signed(1, 3, 6, 5)},
    ),
    Case(
        "larger than the input by less than a stride",
        "convolution_param { num_output: 2 kernel_size: 3 kernel_size: 2 stride: 3 }",
        {"x": signed(2, 3, 1, 5)},
    ),
    Case(
        "larger than the input by less than a stride, axis=2",
        "convolution_param { num_output: 2 kernel_size: 3 stride: 2 axis: 2 dilation: 2 pad: 1 }",
        {"x": signed(2, 1, 3, 2, 4)},
    ),
    Case(
        "dilation=2, pad=2",
        "convolution_param { num_output: 2 kernel_size: 3 pad: 2 dilation: 2 }",
        {"x": signed(1, 2, 6, 5)},
    ),
    Case(
        "dilation=4, wider than the image",
        "convolution_param { num_output: 2 kernel_size: 3 pad: 4 dilation: 4 }",
        {"x": signed(1, 2, 3, 4)},
    ),
    Case(
        "pair of each",
        ("convolution_param { num_output: 2 kernel_h: 1 kernel_w: 3 pad_h: 1 pad_w: 2 stride_h: 2 stride_w: 1 }"),
        {"x": signed(1, 2, 4, 5)},
    ),
    Case("pad_h alone", "convolution_param { num_output: 2 kernel_size: 3 pad_h: 1 }", {"x": signed(1, 2, 4, 5)}),
    Case(
        "one value an axis",
        (
            "convolution_param { num_output: 2 kernel_size: 2 kernel_size: 3 pad: 0 pad: 1 stride: 1 "
            "stride: 2 dilation: 2 dilation: 1 }"
        ),
        {"x": signed(1, 2, 5, 5)},
    ),
    Case("group=2", "convolution_param { num_output: 4 kernel_size: 3 pad: 1 group: 2 }", {"x": signed(1, 4, 4, 3)}),
    Case(
        "group of every channel",
        "convolution_param { num_output: 6 kernel_size: 2 group: 3 bias_term: false }",
        {"x": signed(1, 3, 3, 4)},
    ),
    Case("hole=2", "convolution_param { num_output: 2 kernel_size: 3 hole: 2 }", {"x": signed(1, 2, 6, 5)}),
    Case(
        "hole_h, hole_w",
        "convolution_param { num_output: 2 kernel_size: 2 hole_h: 1 hole_w: 3 }",
        {"x": signed(1, 2, 4, 6)},
    ),
    Case(
        "two bottoms, one weight",
        "convolution_param { num_output: 2 kernel_size: 2 }",
        {"a": signed(1, 2, 3, 4), "b": signed(1, 2, 3, 4)},
        ("y", "z"),
    ),
    Case("one spatial axis", "convolution_param { num_output: 2 kernel_size: 3 stride: 2 }", {"x": signed(2, 3, 7)}),
    Case(
        "three spatial axes", "convolution_param { num_output: 2 kernel_size: 2 pad: 1 }", {"x": signed(1, 2, 2, 3, 2)}
    ),
    Case("axis=2", "convolution_param { num_output: 2 kernel_size: 2 axis: 2 }", {"x": signed(2, 2, 3, 3, 4)}),
    Case(
        "axis=-3, fillers",
        (
            'convolution_param { num_output: 2 kernel_size: 2 axis: -3 weight_filler { type: "xavier" } '
            "bias_filler { value: 1 } }"
        ),
        {"x": signed(2, 2, 3, 3)},
    ),
]
