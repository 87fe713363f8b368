"""One layer's blobs in a module: as the submodule holds them, and as Caffe does."""

from __future__ import annotations

from torch import Tensor, nn

from converter.layers.layer import Operator, operator_type
from converter.pytorch.facts import LayerFacts


def held_tensors(net: nn.Module, layer: LayerFacts) -> list[Tensor]:
    """A layer's parameters and buffers as the module holds them, in Caffe's order."""
    held = []
    for blob in layer.blobs:
        path, _, name = blob.rpartition(".")
        held.append(getattr(net.get_submodule(layer.target).get_submodule(path), name))
    return held


def caffe_blobs(net: nn.Module, layer: LayerFacts) -> list[Tensor]:
    """A layer's blobs in Caffe's order, terms and shapes: the parameters themselves where both are alike."""
    if not layer.blobs:
        return []
    blobs = (operator_type(layer.type) or Operator).blobs_of(held_tensors(net, layer))
    shaped = zip(blobs, layer.shapes, strict=True)
    return [blob if tuple(blob.shape) == shape else blob.reshape(shape) for blob, shape in shaped]
