"""Ristretto's layers by hand: what few bits hold, gradients through the cuts, and what is refused.

The fork could not be run: values follow from src/caffe/ristretto/layers/base_ristretto_layer.cpp of pmgysel/caffe.
"""

import numpy as np
import pytest
import torch

from converter.errors import ConversionError
from converter.modules.quantization import fixed_point, mini_float, power_of_two
from tests.layers.one_layer import run

FC = 'type: "FcRistretto" inner_product_param {{ num_output: 1 bias_term: false }} quantization_param {{ {} }}'


def test_fixed_point_rounds_halves_away_from_zero_and_saturates():
    """Four bits with one behind the point hold -4 to 3.5 by halves."""
    x = torch.tensor([0.25, -0.25, 0.24, 3.6, -9.0], dtype=torch.float64)
    assert fixed_point(x, 4, 1).tolist() == [0.5, -0.5, 0, 3.5, -4]


def test_minifloat_by_hand():
    """Two bits of mantissa: quarters of a power of two. Three of exponent, bias 3: powers -3 to 4."""
    x = torch.tensor([1.1, 1.125, 1.9, -5.4, 0.125, 0.12, 31.0, 1e9, 0.0], dtype=torch.float64)
    assert mini_float(x, 2, 3).tolist() == [1, 1.25, 2, -5, 0.125, 0, 32, 28, 0]


def test_powers_of_two_by_hand():
    """The exponent is rounded: log2 0.7 = -0.51, log2 0.72 = -0.47."""
    x = torch.tensor([0.7, -0.72, 100.0, 0.001, 0.0], dtype=torch.float64)
    assert power_of_two(x, -3, 1).tolist() == [0.5, -1, 2, 0.125, 0.125]


def test_a_product_of_cut_numbers(build):
    """Halves: 1.2 and 0.3 become 1 and 0.5, the weights 2 and 1; 1 * 2 + 0.5 * 1 = 2.5 becomes 3."""
    body = FC.format("bw_layer_in: 8 fl_layer_in: 1 bw_params: 8 fl_params: 0 bw_layer_out: 3 fl_layer_out: 0")
    (y,) = run(build, body, np.array([[1.2, 0.3]]), parameters=[np.array([[1.8, 1.4]])])
    assert y.tolist() == [[3]]


def test_gradients_pass_through_the_cuts_and_meet_cut_numbers(build):
    body = FC.format("bw_layer_in: 8 fl_layer_in: 1 bw_params: 8 fl_params: 0")
    net = build(f'{body} bottom: "x" top: "y"', {"x": (1, 2)}).double()
    net.set_blobs("it", [np.array([[1.8, 1.4]])])
    x = torch.tensor([[1.2, 0.3]], dtype=torch.float64, requires_grad=True)
    net.blobs(x=x)["y"].sum().backward()
    assert x.grad.tolist() == [[2, 1]]
    assert net.blob_parameter("it", 0).grad.tolist() == [[1, 0.5]]


def test_training_cuts_parameters_alone_and_at_random(build):
    """A weight of 0.25 becomes 0 or 1, which is 1/4 on average; the input of 0.3 stays."""
    body = FC.format("bw_layer_in: 8 fl_layer_in: 0 bw_params: 8 fl_params: 0 bw_layer_out: 8 fl_layer_out: 0")
    torch.manual_seed(0)
    net = build(f'{body} bottom: "x" top: "y"', {"x": (1, 400)}, phase="train").double()
    net.set_blobs("it", [np.full((1, 400), 0.25)])
    with torch.no_grad():
        y = float(net.blobs(x=torch.full((1, 400), 0.3, dtype=torch.float64))["y"])
    assert round(y / 0.3, 6).is_integer()
    assert 60 < y / 0.3 < 140


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [("bw_params: 0", "numbers of bits"), ("exp_min: 1 exp_max: 0", "no more than exp_max"), ("mant_bits: 24", "bits")],
)
def test_numbers_of_no_bits_are_refused(build, fields, complaint):
    with pytest.raises(ConversionError, match=complaint):
        run(build, FC.format(fields), np.zeros((1, 2)))


def test_other_layouts_are_refused(build):
    body = 'type: "FcRistretto" inner_product_param { num_output: 1 transpose: true }'
    with pytest.raises(ConversionError, match="transpose"):
        run(build, body, np.zeros((1, 2)))
    with pytest.raises(ConversionError, match="window within"):
        run(
            build,
            'type: "ConvolutionRistretto" convolution_param { num_output: 1 kernel_size: 2 }',
            np.zeros((1, 2, 3)),
        )


def norm(build, fields: str, values: list[float], bits: str = "precision: MINIFLOAT mant_bits: 2 exp_bits: 4"):
    body = f'type: "LRNRistretto" lrn_param {{ {fields} }} quantization_param {{ {bits} }}'
    return run(build, body, np.array(values).reshape(1, -1, 1, 1))[0].flatten().tolist()


def test_small_floats_of_a_gpu_round_halves_to_even():
    """1.125 and 1.375 lie between 1, 1.25 and 1.5 of two bits: base_ristretto_layer.cuh rounds by rint."""
    x = torch.tensor([1.125, 1.375], dtype=torch.float64)
    assert mini_float(x, 2, 4, even=True).tolist() == [1, 1.5]
    assert mini_float(x, 2, 4).tolist() == [1.25, 1.5]


def test_a_response_normalization_in_small_floats(build):
    """lrn_ristretto_layer.cu by hand, quarters of a power of two; alpha / size is 1, beta 1, k 1, a window of 3.

    1.3 becomes 1.25, its square 1.5625 becomes 1.5; 2 gives 4; 3 gives 9, which becomes 8 (halves to even). Sums: 1.5,
    5.5 to 6 (5.5 lies between 5 and 6), 14, less 1.5 is 12.5, which becomes 12. For channel 0, 6 + 1 = 7, 1/7 becomes
    0.140625 to 9/64, that is 0.125 + 1/64, cut to 0.15625 or 0.125: 1/7 = 1.1428 / 8 goes to 1.25 / 8.
    """
    fields = "local_size: 3 alpha: 3 beta: 1 k: 1"
    first = norm(build, fields, [1.3, 2, 3])[0]
    # 1.25 * 0.15625 = 0.1953125 = 1.5625 / 8, between 1.5 and 1.75: 1.5 / 8
    assert first == 0.1875


def test_its_gradient_is_lrns_with_cut_sums(build):
    """One channel of 2, cut exactly: sum 4, scale 5, 1/5 becomes 0.1875, y = 0.375; 1/5 - 2 · 2 · 0.375 / 5."""
    body = (
        'type: "LRNRistretto" lrn_param { local_size: 1 alpha: 1 beta: 1 } '
        'quantization_param { precision: MINIFLOAT mant_bits: 2 exp_bits: 4 } bottom: "x" top: "y"'
    )
    net = build(body, {"x": (1, 1, 1, 1)}).double()
    x = torch.full((1, 1, 1, 1), 2.0, dtype=torch.float64, requires_grad=True)
    y = net.blobs(x=x)["y"]
    y.sum().backward()
    assert y.item() == 0.375
    assert x.grad.item() == pytest.approx(0.2 - 2 * 2 * 0.375 / 5)


@pytest.mark.parametrize(
    ("fields", "bits", "complaint"),
    [
        ("", "", "precision is DYNAMIC_FIXED_POINT; expected MINIFLOAT"),
        ("norm_region: WITHIN_CHANNEL", "precision: MINIFLOAT", "expected ACROSS_CHANNELS"),
        ("local_size: 5", "precision: MINIFLOAT", "local_size 5 on 1 channels"),
    ],
)
def test_what_ristrettos_lrn_refuses(build, fields, bits, complaint):
    with pytest.raises(ConversionError, match=complaint):
        norm(build, fields, [1.0], bits)
