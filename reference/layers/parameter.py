"""Parameter: its top is a learned blob of a given shape (include/caffe/layers/parameter_layer.hpp)."""

from __future__ import annotations

from reference.layer import Array, Layer, Parameter
from reference.params import Params

TYPE = "Parameter"
MESSAGES = ("parameter_param",)


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """The blob, of the stated shape; Caffe gives it no filler, so it starts as zeros."""
    layer.expect(bottoms, 0)
    shape = layer.params("parameter_param").message("shape", "shape").integers("dim")
    return [Parameter(tuple(shape), Params("filler", [], layer.where, layer.path))]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """No bottoms; returns the blob, of the stated shape."""
    return [blobs[0]]
