"""NdConvolution: windows written as shapes."""

from tests.case import Case, signed

TYPE = "NdConvolution"

CASES = [
    Case(
        "three axes",
        (
            "convolution_param { num_output: 2 kernel_shape { dim: 2 dim: 2 dim: 1 } stride_shape { "
            "dim: 1 dim: 2 dim: 1 } pad_shape { dim: 1 dim: 0 dim: 0 } }"
        ),
        {"x": signed(1, 2, 2, 3, 2)},
    ),
    Case(
        "two axes, group=2, fillers",
        (
            "convolution_param { num_output: 2 group: 2 axis: 1 kernel_shape { dim: 3 dim: 2 } "
            'bias_term: false weight_filler { type: "xavier" } bias_filler { value: 1 } }'
        ),
        {"x": signed(1, 2, 4, 4)},
    ),
]
