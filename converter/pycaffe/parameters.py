"""A net's parameter blobs: views of its module's parameters, or copies where the module holds other numbers than Caffe.

Source: src/caffe/net.cpp (AppendParam).
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from converter.plan.plan import ConfiguredLayer
from converter.pycaffe.blob import Blob, BlobVec
from converter.pycaffe.memory import Array
from converter.pycaffe.python_operator import PythonOperator
from converter.pytorch.caffe_module import CaffeModule


class Parameters:
    """The blobs of every layer of a net, by layer in file order (layers without blobs have an empty list).

    BatchNorm's sums are statistics times a factor, which the module holds multiplied out; such blobs are copies:
    `write_back` puts what scripts wrote into the module, `refresh` takes the module's numbers.
    """

    def __init__(self, net: CaffeModule) -> None:
        self._net = net
        self.layers: list[BlobVec] = []
        self._copies: dict[str, tuple[BlobVec, list[Array]]] = {}
        for step in net.plan.steps:
            self.layers.append(self._of_layer(step))
        self.refresh()

    def write_back(self) -> None:
        """Make the module compute with what scripts wrote."""
        for blobs in self.layers if self._is_mirrored() else ():
            for blob in blobs:
                blob.data_memory.flush()
                blob.diff_memory.flush()
        for name, (blobs, known) in self._copies.items():
            arrays = [blob.data_memory.tensor(torch.device("cpu")).numpy() for blob in blobs]
            if not all(np.array_equal(mine, theirs) for mine, theirs in zip(arrays, known, strict=True)):
                self._net.set_blobs(name, arrays)
                known[:] = [array.copy() for array in arrays]

    def refresh(self) -> None:
        """Show the module's numbers: statistics that a pass in training changed, weights that were loaded."""
        for blobs in self.layers if self._is_mirrored() else ():
            for blob in blobs:
                blob.data_memory.invalidate_host()
        for name, (blobs, known) in self._copies.items():
            values = [self._net.blob_parameter(name, index).detach().cpu() for index in range(len(blobs))]
            for blob, value in zip(blobs, values, strict=True):
                blob.data_memory.store(value.clone())
            known[:] = [value.numpy().copy() for value in values]

    def share(self, other: Parameters) -> None:
        """Show the other net's numbers in layers of the same names: what is written to either counts in both."""
        theirs = {step.layer.name: blobs for step, blobs in zip(other._net.plan.steps, other.layers, strict=True)}
        for step, blobs in zip(self._net.plan.steps, self.layers, strict=True):
            name = step.layer.name
            for blob, given in zip(blobs, theirs.get(name, ()), strict=False):
                blob.data_memory = given.data_memory
            if name in self._copies and name in other._copies:
                self._copies[name] = (blobs, other._copies[name][1])

    def clear_diffs(self) -> None:
        """Set every gradient to zero, in the memory that scripts hold."""
        for blobs in self.layers:
            for blob in blobs:
                blob.diff_memory.fill(0.0)

    def _are_views(self, layer: str, count: int) -> bool:
        """Whether the module holds a layer's blobs as Caffe does, up to their shapes."""
        pairs = ((self._net.blob_parameter(layer, i), held_tensor(self._net, layer, i)) for i in range(count))
        return all(blob.data_ptr() == held.data_ptr() for blob, held in pairs)

    def _is_mirrored(self) -> bool:
        """Whether the parameters are on a GPU, where scripts see copies."""
        first = next(self._net.parameters(), None)
        return first is not None and first.device.type != "cpu"

    def _of_layer(self, step: ConfiguredLayer) -> BlobVec:
        """A layer's blobs; a Python layer's own ones, whose numbers move into the module."""
        name, specs = step.layer.name, step.operator.blobs
        if not specs:
            return BlobVec()
        if not self._are_views(name, len(specs)):
            blobs = BlobVec(Blob(spec.shape) for spec in specs)
            self._copies[name] = (blobs, [])
            return blobs
        script = step.operator.script_layer.blobs if isinstance(step.operator, PythonOperator) else None
        blobs = script if script is not None else BlobVec(Blob(spec.shape) for spec in specs)
        for index, blob in enumerate(blobs):
            held = partial(_data, self._net, name, index)
            if script is not None:
                held().copy_(blob.data_memory.tensor(torch.device("cpu")))
            blob.data_memory.bind(held)
            blob.diff_memory.bind(partial(_diff, self._net, name, index))
        return blobs


def _data(net: CaffeModule, layer: str, index: int) -> Tensor:
    """A blob in Caffe's shape, the module's own memory."""
    return net.blob_parameter(layer, index).detach()


def _diff(net: CaffeModule, layer: str, index: int) -> Tensor:
    """The gradient of a blob in Caffe's shape: the parameter's own `grad`, zeros before the first."""
    tensor = held_tensor(net, layer, index)
    if tensor.grad is None:
        tensor.grad = torch.zeros_like(tensor, requires_grad=False)
    facts = net.facts.layer_named(layer)
    return tensor.grad.reshape(facts.shapes[index]) if facts is not None else tensor.grad


def held_tensor(net: CaffeModule, layer: str, index: int) -> Tensor:
    """The parameter or buffer in which the module holds a layer's blob.

    Raises:
        KeyError: the net has no such layer.
    """
    facts = net.facts.layer_named(layer)
    if facts is None:
        raise KeyError(layer)
    path, _, name = facts.blobs[index].rpartition(".")
    held: Tensor = getattr(net.get_submodule(facts.target).get_submodule(path), name)
    return held


def add_gradient(parameter: nn.Parameter, gradient: Tensor) -> None:
    """Add to a parameter's gradient in place, as every layer's backward pass does in Caffe."""
    if parameter.grad is None:
        parameter.grad = gradient.detach().clone()
    else:
        parameter.grad.data.add_(gradient)
