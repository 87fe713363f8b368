"""LRNRistretto (pmgysel/caffe): LRN across channels, every step of it in floats of few bits, lrn_ristretto_layer.cu."""

from __future__ import annotations

import numpy as np

from reference import quantization
from reference.layer import Array, Layer

TYPE = "LRNRistretto"
MESSAGES = ("lrn_param", "quantization_param")
SUMS = True
DISCONTINUOUS_FROM = 0
FIELDS = quantization.FIELDS


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w); returns the same shape."""
    layer.expect(bottoms, 1)
    lrn, bits, x = layer.params("lrn_param"), layer.params("quantization_param"), bottoms[0]
    size, mantissa, exponent = lrn.integer("local_size"), bits.integer("mant_bits"), bits.integer("exp_bits")
    if bits.choice("precision") != "MINIFLOAT" or lrn.choice("norm_region") != "ACROSS_CHANNELS":
        raise layer.error("is not of small floats across channels")
    if size % 2 == 0 or size // 2 > x.shape[1]:
        raise layer.error(f"local_size is {size}; expected an odd number, half of it no more than the channels")

    def cut(value: float) -> float:
        return quantization.mini_float(value, mantissa, exponent, even=True)

    y, step = np.zeros(x.shape), x.dtype.type(lrn.real("alpha")) / x.dtype.type(size)
    for n, row, column in np.ndindex(len(x), *x.shape[2:]):
        values = [cut(float(value)) for value in x[n, :, row, column]]
        squares, total = [cut(value * value) for value in values], 0.0
        for head in range(len(values) + size // 2):
            if head < len(values):
                total = cut(total + squares[head])
            if head >= size:
                total = cut(total - squares[head - size])
            at = head - size // 2
            if at >= 0:
                scale = cut(lrn.real("k") + cut(total * float(step)))
                y[n, at, row, column] = cut(values[at] * cut(scale ** -lrn.real("beta")))
    return [y]
