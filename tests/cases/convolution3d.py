"""Convolution3D: both messages, every field of the window, groups."""

from tests.case import Case, signed

TYPE = "Convolution3D"

CASES = [
    Case(
        "C3D",
        (
            "convolution3d_param { num_output: 4 kernel_size: 3 kernel_depth: 2 stride: 2 temporal_stride: 1 pad: 1 "
            'temporal_pad: 1 filter_group: 2 weight_filler { type: "xavier" } bias_filler { value: 1 } }'
        ),
        {"x": signed(1, 2, 3, 4, 3)},
    ),
    Case(
        "C3D's V1",
        (
            "convolution_param { num_output: 2 kernel_size: 2 kernel_depth: 1 stride: 1 temporal_stride: 2 pad: 1 "
            "temporal_pad: 0 filter_group: 1 bias_term: true weight_filler { value: 2 } bias_filler { value: 1 } }"
        ),
        {"x": signed(2, 1, 3, 3, 3)},
    ),
    Case(
        "without bias",
        "convolution3d_param { num_output: 2 kernel_size: 1 kernel_depth: 2 bias_term: false }",
        {"x": signed(1, 2, 2, 2, 2)},
    ),
]
