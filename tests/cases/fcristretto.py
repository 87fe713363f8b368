"""FcRistretto: a matrix product on numbers of few bits."""

from tests.case import OWN, Case, signed

TYPE = "FcRistretto"

CASES = [
    Case(
        "fixed point",
        "inner_product_param { num_output: 3 } quantization_param { bw_layer_in: 8 fl_layer_in: 5 bw_params: 6 "
        "fl_params: 3 bw_layer_out: 10 fl_layer_out: 4 }",
        {"x": signed(2, 2, 3)},
        gradient=OWN,
    ),
    Case(
        "minifloat, no bias",
        "inner_product_param { num_output: 3 bias_term: false } "
        "quantization_param { precision: MINIFLOAT mant_bits: 5 exp_bits: 4 rounding_scheme: NEAREST }",
        {"x": signed(2, 6)},
        gradient=OWN,
    ),
    Case(
        "powers of two",
        "inner_product_param { num_output: 3 axis: 1 transpose: false weight_filler { value: 1 } bias_filler { } } "
        "quantization_param { precision: INTEGER_POWER_OF_2_WEIGHTS exp_min: -6 exp_max: 0 }",
        {"x": signed(2, 6)},
        gradient=OWN,
    ),
]
