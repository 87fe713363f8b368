"""ConvolutionRistretto (pmgysel/caffe): Convolution whose input, parameters and output are cut to few bits."""

from __future__ import annotations

from reference import quantization
from reference.layer import Array, Layer
from reference.layers import convolution

TYPE = "ConvolutionRistretto"
MESSAGES = ("convolution_param", "quantization_param")
SUMS = True
DISCONTINUOUS_FROM = 0
FIELDS = quantization.FIELDS
parameters = convolution.parameters


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """As Convolution, on cut numbers."""
    params = layer.params("quantization_param")
    inputs = [quantization.cut(layer, params, "layer_in", bottom) for bottom in bottoms]
    own = [quantization.cut(layer, params, "params", blob, index) for index, blob in enumerate(blobs)]
    return [quantization.cut(layer, params, "layer_out", top) for top in convolution.forward(layer, inputs, own)]
