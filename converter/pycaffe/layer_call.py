"""One layer's part of a CaffeModule's graph: run on tensors, alone, forward and backward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.node import map_aggregate

from converter.pytorch.builder import BLOB
from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.gradient_stops import without_stops

Values = dict[str, Tensor]


@dataclass(slots=True)
class Record:
    """What a layer's backward pass needs of its forward pass: the leaves it read and the tops it wrote, by blob."""

    bottoms: Values
    tops: Values


@dataclass(slots=True)
class LayerCall:
    """A layer's nodes of the graph in order: what flattens its bottoms, its module, what parts its tops.

    `trained` names the module's parameters that collect gradients in this layer; a shared one may do so in another.
    """

    module: nn.Module
    nodes: list[fx.Node] = field(default_factory=list)
    trained: set[str] = field(default_factory=set)
    _direct: tuple[tuple[str, ...], str] | None = None

    def parameters(self) -> dict[str, nn.Parameter]:
        """The module's parameters by the names of the layer's blobs."""
        return dict(self.module.named_parameters())

    def prepare(self) -> None:
        """Once all nodes are there: note the plain case, a module called with its bottoms for its one top."""
        if len(self.nodes) == 1 and BLOB in self.nodes[0].meta and not self.nodes[0].kwargs:
            names = [one.meta[BLOB] for one in self.nodes[0].args if isinstance(one, fx.Node)]
            if len(names) == len(self.nodes[0].args):
                self._direct = (tuple(names), self.nodes[0].meta[BLOB])

    def run(self, bottoms: Mapping[str, Tensor]) -> Values:
        """The tops of these bottoms, both by blob name, in the plan's shapes."""
        if self._direct is not None:
            names, top = self._direct
            return {top: self.module(*[bottoms[name] for name in names])}
        known: dict[fx.Node, Any] = {}

        def value(argument: Any) -> Any:
            if not isinstance(argument, fx.Node):
                return argument
            return known[argument] if argument in known else bottoms[argument.meta[BLOB]]

        tops: Values = {}
        for node in self.nodes:
            args = map_aggregate(node.args, value)
            known[node] = self.module(*args) if node.op == "call_module" else node.target(*args)  # type: ignore[operator]
            if BLOB in node.meta:
                tops[node.meta[BLOB]] = known[node]
        return tops

    def record(self, bottoms: Mapping[str, Tensor], wanted: Sequence[str]) -> Record:
        """Run with gradients: of the bottoms named in `wanted`, and of the parameters in `trained`."""
        leaves = {name: value.detach().requires_grad_(name in wanted) for name, value in bottoms.items()}
        with torch.enable_grad():
            return Record(leaves, self.run(leaves))

    def backward(self, record: Record, diffs: Mapping[str, Tensor]) -> tuple[Values, list[tuple[nn.Parameter, Tensor]]]:
        """Gradients of the bottoms by name and of the parameters, given those of the tops.

        A bottom or parameter that the tops do not depend on has none.
        """
        tops = [name for name, value in record.tops.items() if value.requires_grad]
        leaves = {name: value for name, value in record.bottoms.items() if value.requires_grad}
        parameters = [one for name, one in self.parameters().items() if name in self.trained]
        if not tops or not (leaves or parameters):
            return {}, []
        grads = torch.autograd.grad(
            [record.tops[name] for name in tops],
            [*leaves.values(), *parameters],
            [diffs[name].reshape(record.tops[name].shape) for name in tops],
            retain_graph=True,
            allow_unused=True,
        )
        bottom_grads = {name: grad for name, grad in zip(leaves, grads, strict=False) if grad is not None}
        rest = zip(parameters, grads[len(leaves) :], strict=True)
        return bottom_grads, [(one, grad) for one, grad in rest if grad is not None]


def layer_calls(net: CaffeModule) -> list[LayerCall | None]:
    """The calls of a net's layers in file order; None for layers that compute nothing (inputs, layers without tops).

    What stops gradients in the graph is left out: `gradient_flow` says which bottoms get theirs.
    """
    calls: dict[str, LayerCall] = {}
    waiting: list[fx.Node] = []
    current: LayerCall | None = None
    for node in without_stops(net).graph.nodes:
        if node.op == "call_module":
            target = str(node.target)
            current = calls.setdefault(target, LayerCall(net.get_submodule(target)))
            current.nodes += [*waiting, node]
            waiting = []
        elif node.op == "call_function" and BLOB in node.meta and current is not None:
            current.nodes.append(node)
        elif node.op == "call_function":
            waiting.append(node)
    for call in calls.values():
        call.prepare()
    return [calls.get(layer.target) for layer in net.facts.layers]
