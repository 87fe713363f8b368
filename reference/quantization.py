"""Ristretto's numbers of few bits, nearest rounding (pmgysel/caffe, ristretto/layers/base_ristretto_layer.cpp, CPU)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from reference.layer import Array, Layer
from reference.params import Params

FIELDS = """
quantization_param: precision 1 enum(DYNAMIC_FIXED_POINT=0 MINIFLOAT=1 INTEGER_POWER_OF_2_WEIGHTS=2) = DYNAMIC_FIXED_POINT; rounding_scheme 2 enum(NEAREST=0 STOCHASTIC=1) = NEAREST; bw_layer_in 3 int = 32; bw_layer_out 4 int = 32; bw_params 5 int = 32; fl_layer_in 6 int = 16; fl_layer_out 7 int = 16; fl_params 8 int = 16; mant_bits 9 int = 23; exp_bits 10 int = 8; exp_min 11 int = -8; exp_max 12 int = -1
"""  # noqa: E501 (one line a message)


def _half_away(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value) if math.isfinite(value) else value


def fixed_point(value: float, bits: int, fraction: int) -> float:
    """The nearest multiple of 2^-fraction that so many bits hold."""
    step = 2.0**-fraction
    held = max(min(value, (2.0 ** (bits - 1) - 1) * step), -(2.0 ** (bits - 1)) * step)
    return _half_away(held / step) * step


def mini_float(value: float, mantissa: int, exponent: int, even: bool = False) -> float:
    """The nearest float of so many bits: of its float32, without denormal numbers and infinities.

    `even`: halves go to the even neighbor, as on a GPU.
    """
    word = int(np.float32(value).view(np.uint32))
    power, fraction = (word >> 23) & 0xFF, word & 0x7FFFFF
    bias = 2 ** (exponent - 1) - 1
    own = power - 127 + bias
    if power == 0 or own < 0:
        return 0.0
    if own > 2**exponent - 1:
        own, cut = 2**exponent - 1, float(2**mantissa - 1)
    else:
        exact = fraction / 2 ** (23 - mantissa)
        cut = float(round(exact)) if even else _half_away(exact)
    return math.copysign((1 + cut / 2**mantissa) * 2.0 ** (own - bias), value)


def power_of_two(value: float, low: int, high: int) -> float:
    """The nearest power of two between two exponents, with the value's sign."""
    power = _half_away(float(np.log2(np.abs(np.float32(value)))))
    return float((1 if value >= 0 else -1) * 2.0 ** max(min(power, high), low))


def _each(array: Array, cut: Callable[[float], float]) -> Array:
    return np.array([cut(float(value)) for value in array.ravel()], np.float64).reshape(array.shape)


def cut(layer: Layer, params: Params, part: str, array: Array, index: int = 0) -> Array:
    """`part` of a layer (layer_in, params, layer_out) in few bits; `index` 1 is the bias."""
    if layer.phase == "train" or params.choice("rounding_scheme") == "STOCHASTIC":
        raise layer.error("rounds at random, which cannot be drawn as Caffe drew it")
    if params.choice("precision") == "MINIFLOAT":
        return _each(array, lambda v: mini_float(v, params.integer("mant_bits"), params.integer("exp_bits")))
    if params.choice("precision") == "DYNAMIC_FIXED_POINT":
        return _each(array, lambda v: fixed_point(v, params.integer(f"bw_{part}"), params.integer(f"fl_{part}")))
    if part != "params" or index:
        return array
    return _each(array, lambda v: power_of_two(v, params.integer("exp_min"), params.integer("exp_max")))


def run_cut(
    layer: Layer,
    bottoms: list[Array],
    blobs: list[Array],
    compute: Callable[[Layer, list[Array], list[Array]], list[Array]],
) -> list[Array]:
    """What `compute` makes of cut inputs and parameters, cut in turn."""
    params = layer.params("quantization_param")
    inputs = [cut(layer, params, "layer_in", bottom) for bottom in bottoms]
    own = [cut(layer, params, "params", blob, index) for index, blob in enumerate(blobs)]
    return [cut(layer, params, "layer_out", top) for top in compute(layer, inputs, own)]
