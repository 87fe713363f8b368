"""ConvolutionRistretto: a convolution on numbers of few bits."""

from tests.case import OWN, Case, signed

TYPE = "ConvolutionRistretto"

FIELDS = "num_output: 4 kernel_size: 3 pad: 1 stride: 2"
X = {"x": signed(2, 2, 5, 6)}


def case(name, fields, convolution=FIELDS):
    """A case with these fields of quantization_param, and of convolution_param."""
    body = f"convolution_param {{ {convolution} }} quantization_param {{ {fields} }}"
    return Case(name, body, X, gradient=OWN)


CASES = [
    case("fixed point", "bw_layer_in: 8 fl_layer_in: 5 bw_params: 6 fl_params: 3 bw_layer_out: 10 fl_layer_out: 4"),
    case("minifloat", "precision: MINIFLOAT mant_bits: 5 exp_bits: 4"),
    case(
        "pairs, groups, dilation, no bias",
        "precision: MINIFLOAT mant_bits: 5 exp_bits: 4",
        "num_output: 4 kernel_h: 1 kernel_w: 3 pad_h: 1 pad_w: 2 stride_h: 2 stride_w: 1 group: 2 dilation: 2 "
        "bias_term: false",
    ),
    case(
        "hole, axis, fillers",
        "fl_layer_in: 4 fl_params: 4 fl_layer_out: 4",
        'num_output: 4 kernel_size: 2 hole: 2 axis: 1 weight_filler { type: "xavier" } bias_filler { value: 1 }',
    ),
    case("hole_h, hole_w", "fl_layer_in: 4", "num_output: 2 kernel_size: 2 hole_h: 1 hole_w: 2"),
    case("powers of two", "precision: INTEGER_POWER_OF_2_WEIGHTS exp_min: -6 exp_max: 0 rounding_scheme: NEAREST"),
]
