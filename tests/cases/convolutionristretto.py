"""ConvolutionRistretto: a convolution on numbers of few bits."""

from tests.case import OWN, Case, signed

TYPE = "ConvolutionRistretto"

CONVOLUTION = "convolution_param { num_output: 3 kernel_size: 3 pad: 1 stride: 2 }"
X = {"x": signed(2, 2, 5, 6)}


def case(name, fields):
    """A case with these fields of quantization_param."""
    return Case(name, f"{CONVOLUTION} quantization_param {{ {fields} }}", X, gradient=OWN)


CASES = [
    case("fixed point", "bw_layer_in: 8 fl_layer_in: 5 bw_params: 6 fl_params: 3 bw_layer_out: 10 fl_layer_out: 4"),
    case("minifloat", "precision: MINIFLOAT mant_bits: 5 exp_bits: 4"),
    case("powers of two", "precision: INTEGER_POWER_OF_2_WEIGHTS exp_min: -6 exp_max: 0 rounding_scheme: NEAREST"),
]
