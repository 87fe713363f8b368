"""FcRistretto (Ristretto, pmgysel/caffe): InnerProduct whose input, parameters and output are cut to few bits."""

from __future__ import annotations

from reference import quantization
from reference.layer import Array, Layer
from reference.layers import innerproduct

TYPE = "FcRistretto"
MESSAGES = ("inner_product_param", "quantization_param")
SUMS = True
DISCONTINUOUS_FROM = 0
FIELDS = quantization.FIELDS
parameters = innerproduct.parameters


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """As InnerProduct, on cut numbers."""
    return quantization.run_cut(layer, bottoms, blobs, innerproduct.forward)
