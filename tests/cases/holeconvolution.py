"""HoleConvolution: DeepLab's first name for a dilated convolution."""

from tests.case import Case, signed

TYPE = "HoleConvolution"

CASES = [
    Case(
        "hole=2, pad=2", "convolution_param { num_output: 2 kernel_size: 3 hole: 2 pad: 2 }", {"x": signed(1, 2, 6, 5)}
    ),
    Case(
        "hole_h, hole_w, pairs",
        (
            "convolution_param { num_output: 2 kernel_h: 2 kernel_w: 3 pad_h: 1 pad_w: 2 stride_h: 2 "
            "stride_w: 1 hole_h: 1 hole_w: 2 group: 2 bias_term: false }"
        ),
        {"x": signed(1, 2, 4, 6)},
    ),
    Case(
        "dilation, stride, axis, fillers",
        (
            "convolution_param { num_output: 2 kernel_size: 2 dilation: 2 stride: 2 axis: 1 "
            'weight_filler { type: "xavier" } bias_filler { value: 1 } }'
        ),
        {"x": signed(1, 2, 5, 6)},
    ),
]
