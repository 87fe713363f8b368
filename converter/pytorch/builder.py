"""Builds the graph of a CaffeModule: one module a layer, one node a call, from a configured net and its arrays."""

from __future__ import annotations

import keyword
import operator
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor, fx, nn

from converter.layers.layer import Blob, Operator
from converter.net.names import escape
from converter.plan.plan import ConfiguredLayer, Plan, param_spec
from converter.plan.weights import Matched
from converter.pytorch.facts import LayerFacts, NetFacts
from converter.pytorch.gradient_stops import stopped_bottoms
from converter.pytorch.operator_module import OperatorModule

BLOB = "blob"
"""Key of `Node.meta` that names the Caffe blob a node computes."""


Trainable: TypeAlias = Literal["caffe", "all"]
"""Which parameters ask for gradients: all but those whose `lr_mult` is 0, or all."""


class GraphBuilder:
    """Collects modules and nodes layer by layer; `root`, `graph` and `facts()` are what a CaffeModule is made of."""

    def __init__(self, plan: Plan, values: Matched, trainable: Trainable = "caffe") -> None:
        self.root = nn.Module()
        self.graph = fx.Graph()
        self._plan, self._values, self._trainable = plan, values, trainable
        self._nodes: dict[str, fx.Node] = {}
        self._arguments: dict[str, str] = {}
        self._shared: dict[str, nn.Parameter] = {}
        self._layers: list[LayerFacts] = []
        for name in plan.inputs:  # before all layers: Python wants arguments first
            self._add_input(name)
        for position, step in enumerate(plan.steps):
            self._add_layer(position, step)
        self.graph.output({name: self._nodes[name] for name in plan.net.outputs})

    def facts(self, notes: Sequence[str] = ()) -> NetFacts:
        """What the module is to remember."""
        plan = self._plan
        return NetFacts(
            plan.net.name,
            dict(plan.inputs),
            self._arguments,
            plan.net.outputs,
            _loss_weights(plan),
            tuple(self._layers),
            tuple(notes),
        )

    def _add_input(self, name: str) -> None:
        argument = _identifier(name, set(self._arguments.values()))
        node = self.graph.placeholder(argument)
        node.meta[BLOB] = name
        self._arguments[name] = argument
        self._nodes[name] = node

    def _add_layer(self, position: int, step: ConfiguredLayer) -> None:
        """A layer's module, its blobs in place, and the nodes that call it."""
        layer, target, rates = step.layer, "", self._plan.multipliers[position]
        blobs = tuple(blob.name for blob in step.operator.blobs)
        if not step.operator.is_input and (layer.tops or blobs):
            target = _unique_name(escape(layer.name), self.root._modules)
            module = _module(step)
            self._fill(step, module, [self._trainable == "all" or rate != 0 for rate, _ in rates])
            self.root._modules[target] = module  # add_module would refuse names that nn.Module's methods have
            self._call(step, target)
        shapes = tuple(blob.shape for blob in step.operator.blobs)
        self._layers.append(LayerFacts(layer.name, layer.type, target, layer.bottoms, layer.tops, blobs, shapes, rates))

    def _fill(self, step: ConfiguredLayer, module: nn.Module, trained: Sequence[bool]) -> None:
        """The stored arrays as the module's parameters and buffers: views, not copies; shared ones are one object."""
        arrays = self._state(step) if step.operator.blobs else ()
        for index, (blob, array) in enumerate(zip(step.operator.blobs, arrays, strict=True)):
            shared = param_spec(step.layer, index).name
            owner = self._shared.get(shared)
            value = owner if owner is not None else torch.from_numpy(array)
            parameter = _put_blob(module, blob, value, trained[index])
            if shared and parameter is not None:
                self._shared.setdefault(shared, parameter)

    def _state(self, step: ConfiguredLayer) -> Sequence[np.ndarray[Any, Any]]:
        """A layer's blobs as its module holds them."""
        name = step.key
        given = self._values.states.get(name)
        return given if given is not None else step.operator.state_of(self._values.arrays[name])

    def _call(self, step: ConfiguredLayer, target: str) -> None:
        """The call of a layer's module; layers that treat bottoms alike are called once for each."""
        bottoms = self._bottoms(step)
        flatten = step.operator.flatten_axis
        if flatten is not None:
            bottoms = [self.graph.call_function(torch.flatten, (node, flatten)) for node in bottoms]
        if step.operator.per_bottom:
            for name, node in zip(step.layer.tops, bottoms, strict=True):
                self._name(name, self.graph.call_module(target, (node,)))
            return
        node = self.graph.call_module(target, tuple(bottoms))
        if len(step.layer.tops) == 1:
            self._name(step.layer.tops[0], node)
            return
        for index, name in enumerate(step.layer.tops):
            self._name(name, self.graph.call_function(operator.getitem, (node, index)))

    def _bottoms(self, step: ConfiguredLayer) -> list[fx.Node]:
        """What a layer reads, cut off where it gives no gradient."""
        nodes = [self._nodes[name] for name in step.layer.bottoms]
        stops = stopped_bottoms(step.layer, self._plan.net)
        return [
            self.graph.call_method("detach", (node,)) if stop else node for node, stop in zip(nodes, stops, strict=True)
        ]

    def _name(self, blob: str, node: fx.Node) -> None:
        node.meta[BLOB] = blob
        self._nodes[blob] = node


def filled_module(step: ConfiguredLayer, state: Sequence[np.ndarray[Any, Any]]) -> nn.Module:
    """A layer's module by itself; the arrays, in the shapes of its blobs, become its parameters, not copied."""
    module = _module(step)
    for blob, array in zip(step.operator.blobs, state, strict=True):
        _put_blob(module, blob, torch.from_numpy(array))
    return module


def _put_blob(module: nn.Module, blob: Blob, value: Tensor, trained: bool = True) -> nn.Parameter | None:
    """Put a blob in its place in a module; the parameter, None for a buffer.

    A shared parameter, which is one already, stays as it is.
    """
    path, _, name = blob.name.rpartition(".")
    held = module.get_submodule(path)
    if name in held._buffers or not blob.trained:
        held._buffers[name] = value
        return None
    parameter = value if isinstance(value, nn.Parameter) else nn.Parameter(value, requires_grad=trained)
    held._parameters[name] = parameter
    return parameter


def _module(step: ConfiguredLayer) -> nn.Module:
    """The layer's module, without numbers: its parameters are on the meta device, as nothing is to be initialized."""
    if type(step.operator).module is Operator.module:
        return OperatorModule(step.operator)
    if not type(step.operator).__module__.startswith("converter.layers."):
        return step.operator.module()  # a user's own, which may bring numbers that no blob of the file fills
    with torch.device("meta"):
        return step.operator.module()


def _identifier(name: str, taken: Collection[str]) -> str:
    """A Python name for an input: its own where that is one, else with underscores."""
    word = re.sub(r"\W", "_", name, flags=re.ASCII)
    word = f"_{word}" if not word or word[0].isdigit() else word
    while keyword.iskeyword(word) or word == "self" or word in taken:
        word += "_"
    return word


def _loss_weights(plan: Plan) -> dict[str, float]:
    """Loss weight of each top that has one (include/caffe/layer.hpp, SetLossWeights)."""
    weights: dict[str, float] = {}
    for step in plan.steps:
        given = step.layer.loss_weights
        if not given and step.operator.is_loss:
            given = (1.0,)
        weights.update({top: weight for top, weight in zip(step.layer.tops, given, strict=False) if weight})
    return weights


def _unique_name(name: str, taken: Mapping[str, object]) -> str:
    """`name`, or with a count behind it where a net has two layers of that name (which then hold no weights)."""
    count, candidate = 1, name
    while candidate in taken:
        count += 1
        candidate = f"{name}%23{count}"
    return candidate
