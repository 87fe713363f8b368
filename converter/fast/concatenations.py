"""Convolutions of blobs joined by channels, as sums of convolutions of each blob, which then need not be joined.

A fire module of SqueezeNet joins its two halves for one convolution of an eighth of their channels: the copy takes
longer than adding up two of that convolution's outputs, and each half is read while it still lies in the cache.
"""

from __future__ import annotations

from typing import cast

from torch import fx, nn

from converter.fast.folding import set_target, with_numbers
from converter.fast.sums import is_convolution
from converter.modules.combine import Concat, Sum
from converter.modules.max_pooling import CeilMaxPool2d, MaxPool2d
from converter.modules.pooling import CaffeAvgPool2d, CeilAvgPool2d

_NARROWER = 4
"""Joined channels for each output channel of a further convolution, from which on the copy is dearer than the sum."""

_BY_CHANNEL = {
    MaxPool2d, CeilMaxPool2d, nn.MaxPool2d, CaffeAvgPool2d, CeilAvgPool2d, nn.AvgPool2d,
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.Sigmoid, nn.Tanh, nn.Dropout, nn.Identity,
}  # fmt: skip
"""Modules that take each channel by itself, and all of them alike, in evaluation."""


def part_concatenations(source: fx.GraphModule) -> fx.GraphModule:
    """The graph without the concatenations that one narrow convolution alone reads; its outputs are the same."""
    chains = {node: chain for node in source.graph.nodes if (chain := _chain(source, node))}
    return _Parted(source, chains).rebuilt() if chains else source


class _Parted:
    """A graph in the making, where each part of a concatenation is convolved as soon as it is there."""

    def __init__(self, source: fx.GraphModule, chains: dict[fx.Node, list[fx.Node]]) -> None:
        self._source, self._chains = source, chains
        self._left_out = {*chains, *(node for chain in chains.values() for node in chain)}
        self._root, self._graph = nn.Module(), fx.Graph()
        self._values: dict[fx.Node, fx.Node] = {}

    def rebuilt(self) -> fx.GraphModule:
        """The new graph."""
        for node in self._source.graph.nodes:
            if node not in self._left_out:
                self._values[node] = self._graph.node_copy(node, self._values.__getitem__)
                set_target(self._root, node, self._source)
            for concat in [reader for reader in node.users if reader in self._chains]:
                for index in [index for index, part in enumerate(concat.args) if part is node]:
                    self._convolve(concat, index)
        return fx.GraphModule(self._root, self._graph)

    def _convolve(self, concat: fx.Node, index: int) -> None:
        """Convolve one part, and add that to what the parts before it gave."""
        *before, last = self._chains[concat]
        value = self._values[_parts(concat)[index]]
        for node in before:
            set_target(self._root, node, self._source)
            value = self._graph.call_module(str(node.target), (value,))
        sum_before = self._values.get(last)
        share = _share(self._source, concat, last, index, biased=sum_before is None)
        value = self._call(f"{last.name}_of_{index}", share, value)
        self._values[last] = value if sum_before is None else self._call(f"{value.name}_sum", Sum(), value, sum_before)

    def _call(self, name: str, module: nn.Module, *values: fx.Node) -> fx.Node:
        self._root.add_module(name, module)
        return self._graph.call_module(name, values)


def _chain(source: fx.GraphModule, concat: fx.Node) -> list[fx.Node]:
    """What reads a concatenation of channels, each node the only reader of the one before, up to its convolution.

    Empty where the node is none, or the convolution is too wide to gain from its parts.
    """
    found: list[fx.Node] = []
    if not _joins_channels(source, concat):
        return found
    node = concat
    while len(node.users) == 1:
        node = next(iter(node.users))
        found.append(node)
        if is_convolution(source, node):
            return found if _gains(source, concat, _convolution(source, node)) else []
        if not _is_by_channel(source, node):
            break
    return []


def _joins_channels(source: fx.GraphModule, node: fx.Node) -> bool:
    if node.op != "call_module" or node.kwargs or len(node.args) < 2:
        return False
    module = source.get_submodule(str(node.target))
    return type(module) is Concat and module.dim == 1


def _is_by_channel(source: fx.GraphModule, node: fx.Node) -> bool:
    return node.op == "call_module" and type(source.get_submodule(str(node.target))) in _BY_CHANNEL


def _gains(source: fx.GraphModule, concat: fx.Node, convolution: nn.Conv2d) -> bool:
    """Whether the channels of all parts are known, and so many that the copy is dearer than the sums."""
    channels = [_channels(source, part) for part in _parts(concat)]
    further = convolution.out_channels * (len(channels) - 1)
    return (
        all(channels)
        and sum(channels) == convolution.in_channels
        and convolution.groups == 1
        and further * _NARROWER <= convolution.in_channels
    )


def _channels(source: fx.GraphModule, node: fx.Node) -> int:
    """Channels of a blob that a convolution gave; 0 where that cannot be told."""
    while _is_by_channel(source, node) and len(node.all_input_nodes) == 1:
        node = node.all_input_nodes[0]
    return _convolution(source, node).out_channels if is_convolution(source, node) else 0


def _parts(concat: fx.Node) -> list[fx.Node]:
    return cast("list[fx.Node]", list(concat.args))


def _convolution(source: fx.GraphModule, node: fx.Node) -> nn.Conv2d:
    return cast("nn.Conv2d", source.get_submodule(str(node.target)))


def _share(source: fx.GraphModule, concat: fx.Node, node: fx.Node, index: int, *, biased: bool) -> nn.Conv2d:
    """A convolution's share that reads one part's channels."""
    channels = [_channels(source, part) for part in _parts(concat)]
    start = sum(channels[:index])
    whole = _convolution(source, node)
    weight = whole.weight.detach()[:, start : start + channels[index]].clone()
    return with_numbers(whole, weight, whole.bias if biased else None)
