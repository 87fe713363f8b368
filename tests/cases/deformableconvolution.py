"""DeformableConvolution: groups of both kinds, every field of the window, offsets that leave the plane."""

from tests.case import Case, signed

TYPE = "DeformableConvolution"

XAVIER = 'weight_filler { type: "xavier" }'

CASES = [
    Case(
        "dilated, two groups of offsets",
        (
            "deformable_convolution_param { num_output: 2 kernel_size: 3 pad: 2 dilation: 2 stride: 1 "
            f"deformable_group: 2 bias_filler {{ value: 1 }} {XAVIER} }}"
        ),
        {"x": signed(1, 2, 4, 3), "offset": signed(1, 36, 4, 3)},
    ),
    Case(
        "groups, without bias",
        (
            "deformable_convolution_param { num_output: 4 kernel_h: 2 kernel_w: 1 stride_h: 1 stride_w: 2 pad_h: 0 "
            f"pad_w: 1 group: 2 deformable_group: 1 bias_term: false {XAVIER} }}"
        ),
        {"x": signed(2, 2, 3, 4), "offset": signed(2, 4, 2, 3)},
    ),
    Case(
        "four groups by default",
        f"deformable_convolution_param {{ num_output: 1 kernel_size: 1 bias_term: true {XAVIER} }}",
        {"x": signed(1, 4, 2, 2), "offset": signed(1, 8, 2, 2)},
    ),
]
