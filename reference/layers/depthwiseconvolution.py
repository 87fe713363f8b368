"""DepthwiseConvolution (MobileNet forks of Caffe).

A Convolution whose groups are its channels where the file does not state them; same fields, same blobs.
"""

from __future__ import annotations

from reference.layer import Array, Layer, Parameter
from reference.layers.convolution import grouped_forward, grouped_parameters, split_axes

TYPE = "DepthwiseConvolution"
MESSAGES = ("convolution_param",)
SUMS = True


def _groups(layer: Layer, bottoms: list[Array]) -> int:
    params = layer.params("convolution_param")
    return params.integer("group") if params.has("group") else split_axes(layer, bottoms[0])[1]


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """The weight (outputs, inputs / group, *kernel), and the bias (outputs,) unless bias_term is off."""
    return grouped_parameters(layer, bottoms, _groups(layer, bottoms))


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (n, c, *sizes) each; returns (n, num_output, *output sizes) each."""
    return grouped_forward(layer, bottoms, blobs, _groups(layer, bottoms))
