"""LRNRistretto: response normalization in floats of few bits."""

from tests.case import OWN, Case, signed

TYPE = "LRNRistretto"

CASES = [
    Case(
        "as LRN has it",
        "lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 } quantization_param { precision: MINIFLOAT mant_bits: 5 "
        "exp_bits: 5 }",
        {"x": signed(2, 4, 2, 2)},
        gradient=OWN,
    ),
    Case(
        "k, two bits, a wide window",
        "lrn_param { local_size: 5 alpha: 2 beta: 0.5 k: 3 norm_region: ACROSS_CHANNELS } quantization_param { "
        "precision: MINIFLOAT mant_bits: 2 exp_bits: 4 rounding_scheme: STOCHASTIC }",
        {"x": signed(1, 2, 2, 3)},
        gradient=OWN,
    ),
    Case(
        "fields of other precisions, which change nothing",
        "lrn_param { local_size: 1 } quantization_param { precision: MINIFLOAT bw_layer_in: 8 bw_layer_out: 8 "
        "bw_params: 8 fl_layer_in: 4 fl_layer_out: 4 fl_params: 4 exp_min: -4 exp_max: 1 }",
        {"x": signed(1, 2, 1, 2)},
        gradient=OWN,
    ),
]
