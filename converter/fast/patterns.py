"""The pass over an fx graph that makes a net fast: which modules are fused, replaced, moved or left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor, fx, nn

from converter.fast.convolution.choice import AlgorithmBySize, select_algorithm
from converter.fast.convolution.filter import Algorithm, Filter, Place
from converter.fast.folding import fold_affine, set_submodule
from converter.fast.response_normalization import FastLocalResponseNorm, is_normalization
from converter.fast.strides import move_strides
from converter.fast.sums import FusedSum, SummedConvolution, find_sums, is_convolution, relu_behind
from converter.modules.max_pooling import CeilMaxPool2d, MaxPool2d
from converter.pytorch.casting import check_range
from converter.pytorch.gradient_stops import without_stops


class AcceleratedConvolution(nn.Module):
    """A convolution, with the ReLU behind it if there is one, by the algorithm chosen for it."""

    def __init__(self, convolution: nn.Conv2d, rectified: bool, place: Place) -> None:
        super().__init__()
        self.given = _filter(convolution, rectified)
        self.algorithm: Algorithm = select_algorithm(self.given, place)
        self._dtype = place.dtype

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, c, h, w) channels-last of the place's type and device -> (n, c', h', w')."""
        return self.algorithm(x.to(self._dtype))

    @property
    def takes_tiles(self) -> bool:
        """Whether the last input was large enough for an algorithm of tiles."""
        return isinstance(self.algorithm, AlgorithmBySize) and self.algorithm.took_tiles


class MovedModule(nn.Module):
    """A module whose numbers are copied to a device and type at its first call; the module itself keeps its own."""

    def __init__(self, module: nn.Module, place: Place) -> None:
        super().__init__()
        self._source: Callable[[], nn.Module] = lambda: module  # a closure: not a submodule, whose pages stay its own
        self._place = place
        self._state: dict[str, Tensor] = {}

    def forward(self, *inputs: Tensor) -> Any:
        """What the module gives."""
        if not self._state:
            module = self._source()
            state = {**dict(module.named_parameters()), **dict(module.named_buffers())}
            self._state = {name: self._to_place_tensor(name, value, module) for name, value in state.items()}
        if self._place.float32_ends:  # some come from layers in float32
            inputs = tuple(x.to(self._place.dtype) if x.is_floating_point() else x for x in inputs)
        return torch.func.functional_call(self._source(), self._state, inputs)

    def _to_place_tensor(self, name: str, value: Tensor, module: nn.Module) -> Tensor:
        """A tensor at the place; BatchNorm's keep their type, since a variance may lie beyond float16's range."""
        if not value.is_floating_point() or isinstance(module, nn.BatchNorm2d):
            return value.detach().to(self._place.device)
        check_range(name, value, self._place.dtype)
        return value.detach().to(self._place.device, self._place.dtype)


class Float32Softmax(nn.Module):
    """A softmax in float32, whatever the type of its input."""

    def __init__(self, softmax: nn.Softmax) -> None:
        super().__init__()
        self.softmax = softmax

    def forward(self, x: Tensor) -> Tensor:
        """The probabilities, in the shape of x, float32."""
        return cast(Tensor, self.softmax(x.float()))


class _Tracer(fx.Tracer):
    """Every module without children is one node."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:  # noqa: ARG002 - torch.fx's signature
        return not list(m.children())


def graph_of(net: nn.Module) -> fx.GraphModule:
    """A net's graph: its own where it has one, without what stops gradients, else traced."""
    if isinstance(net, fx.GraphModule):
        return without_stops(net)
    return fx.GraphModule(net, _Tracer().trace(net))


def accelerated_graph(net: nn.Module, place: Place) -> fx.GraphModule:
    """A copy of the net's graph with fast modules; the net and its numbers stay as they are.

    Strides of 1×1 convolutions move to what computes their input. A two-dimensional convolution takes the ReLU along
    that alone reads it; dropout goes; a softmax that is an output computes in float32; what has numbers of its own is
    moved to the place.
    """
    bounds = {name for pair in getattr(net, "segments", {}).values() for name in pair if name is not None}
    source = move_strides(fold_affine(graph_of(net)), bounds)
    root, graph = nn.Module(), fx.Graph()
    sums = find_sums(source, place)
    in_sums = {found.convolution for found in sums.values()}
    values: dict[fx.Node, fx.Node] = {}
    ends = find_ends(source) if place.float32_ends else frozenset[fx.Node]()
    for node in source.graph.nodes:
        if node in in_sums:
            continue
        if _is_absorbed(source, node, sums):
            values[node] = values[node.args[0]]
        elif node in sums:
            values[node] = _put_sum(source, node, sums[node], place, root, graph, values)
        else:
            values[node] = graph.node_copy(node, values.__getitem__)
            if node.op == "call_module":
                module = source.get_submodule(str(node.target))
                here = replace(place, dtype=torch.float32) if node in ends else place
                set_submodule(root, str(node.target), _replacement(source, node, module, here))
    return fx.GraphModule(root, graph)


def find_ends(source: fx.GraphModule) -> frozenset[fx.Node]:
    """The first convolution, and the last one with all that is computed after it."""
    nodes = [node for node in source.graph.nodes if node.op == "call_module"]
    places = [index for index, node in enumerate(nodes) if is_convolution(source, node)]
    return frozenset({nodes[places[0]], *nodes[places[-1] :]}) if places else frozenset()


def _is_absorbed(source: fx.GraphModule, node: fx.Node, sums: dict[fx.Node, FusedSum]) -> bool:
    """Whether a node is dropout, or a ReLU that goes with the convolution or the sum before it."""
    if node.op != "call_module":
        return False
    if isinstance(source.get_submodule(str(node.target)), nn.Dropout):
        return True
    before = node.args[0] if node.args else None
    if not isinstance(before, fx.Node):
        return False
    if before in sums:
        return sums[before].relu is node
    return is_convolution(source, before) and relu_behind(source, before) is node


def _put_sum(
    source: fx.GraphModule,
    node: fx.Node,
    found: FusedSum,
    place: Place,
    root: nn.Module,
    graph: fx.Graph,
    values: dict[fx.Node, fx.Node],
) -> fx.Node:
    """A convolution that adds, under the sum's name, where the sum stood."""
    convolution = source.get_submodule(str(found.convolution.target))
    assert isinstance(convolution, nn.Conv2d)
    module = SummedConvolution(_filter(convolution, found.relu is not None), place)
    set_submodule(root, str(node.target), module)
    x = found.convolution.args[0]
    assert isinstance(x, fx.Node)
    return graph.call_module(str(node.target), (values[x], values[found.other]))


def _replacement(source: fx.GraphModule, node: fx.Node, module: nn.Module, place: Place) -> nn.Module:
    """What stands in a module's place."""
    if is_convolution(source, node):
        assert isinstance(module, nn.Conv2d)
        return AcceleratedConvolution(module, relu_behind(source, node) is not None, place)
    if isinstance(module, nn.Softmax) and all(user.op == "output" for user in node.users):
        return Float32Softmax(module)  # within the net the next layer wants the place's type
    if is_normalization(module, place.device):
        assert isinstance(module, nn.LocalResponseNorm)
        return FastLocalResponseNorm(module)
    if type(module) in {MaxPool2d, CeilMaxPool2d}:
        return without_nan_rule(module)
    here = place.device.type == "cpu" and place.dtype == torch.float32 and not place.float32_ends
    if here or (next(module.parameters(), None) is None and next(module.buffers(), None) is None):
        return module
    return MovedModule(module, place)


def without_nan_rule(module: nn.Module) -> nn.MaxPool2d:
    """Torch's maximum, without the pass over the input that keeps NaN from winning."""
    assert isinstance(module, nn.MaxPool2d)
    return nn.MaxPool2d(module.kernel_size, module.stride, module.padding, ceil_mode=module.ceil_mode)


def _filter(conv: nn.Conv2d, rectified: bool) -> Filter:
    stride, pad, dilation = (
        cast("tuple[int, int]", tuple(sizes)) for sizes in (conv.stride, conv.padding, conv.dilation)
    )
    return Filter(conv.weight, conv.bias, stride, pad, dilation, conv.groups, rectified)


def segment(graph_module: fx.GraphModule, first: str | None, last: str | None) -> fx.GraphModule:
    """The part of a chain of modules behind module `first` (None: from the input) up to and with `last` (None: all).

    A module that was fused into the one before it stands for that one.
    """
    graph = fx.Graph()
    values: dict[fx.Node, fx.Node] = {}
    nodes = list(graph_module.graph.nodes)
    start = next((node for node in nodes if first is not None and node.target == first), nodes[0])
    values[start] = graph.placeholder("x")
    for node in nodes[nodes.index(start) + 1 :]:
        if node.op == "output":
            break
        values[node] = graph.node_copy(node, values.__getitem__)
        if node.target == last:
            break
    graph.output(next(reversed(values.values())))
    return fx.GraphModule(graph_module, graph)
