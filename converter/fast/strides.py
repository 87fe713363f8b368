"""Strides of 1×1 convolutions moved to what computes their input, which then leaves out what nobody reads.

A residual stage of ResNet begins with two 1×1 convolutions of stride 2: of every four positions of the block before
it they read one. That block's sum, and its last two convolutions, need compute no other.
"""

from __future__ import annotations

import copy
from collections.abc import Collection

from torch import fx, nn

from converter.fast.folding import set_target
from converter.fast.sums import is_convolution, is_plain_sum

Stride = tuple[int, int]

_BY_POSITION = {nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.Sigmoid, nn.Tanh, nn.Dropout, nn.Identity}
"""Modules that take each number by itself, in evaluation."""


def move_strides(source: fx.GraphModule, kept: Collection[str] = ()) -> fx.GraphModule:
    """The graph with strides as early as they can be; its outputs, and those of modules in `kept`, are the same."""
    found = _Strides(source, kept)
    for node in reversed(list(source.graph.nodes)):
        found.move_behind(node)
    return found.rebuilt() if found.moved else source


class _Strides:
    """Every convolution's stride while they are moved, and where a module's input is to be thinned out instead."""

    def __init__(self, source: fx.GraphModule, kept: Collection[str]) -> None:
        self._source, self._kept, self.moved = source, kept, False
        self._strides: dict[fx.Node, Stride] = {}
        self._thinned: dict[tuple[fx.Node, fx.Node], Stride] = {}
        calls = [str(node.target) for node in source.graph.nodes if node.op == "call_module"]
        for node in source.graph.nodes:
            if is_convolution(source, node) and calls.count(str(node.target)) == 1:
                rows, columns = source.get_submodule(str(node.target)).stride  # type: ignore[misc]
                self._strides[node] = rows, columns

    def move_behind(self, node: fx.Node) -> None:
        """Move the strides of a node's readers to the node, where all have the same one and it can take it."""
        strides = {self._strides[reader] if self._reads_points(reader) else (1, 1) for reader in node.users}
        if len(strides) != 1 or strides == {(1, 1)} or not self._takes_stride(node):
            return
        self._thin(node, strides.pop())
        for reader in node.users:
            self._strides[reader] = 1, 1
        self.moved = True

    def rebuilt(self) -> fx.GraphModule:
        """The graph with the strides as they are now."""
        root, graph = nn.Module(), fx.Graph()
        values: dict[fx.Node, fx.Node] = {}
        for node in self._source.graph.nodes:
            given = {before: self._put_thinned(node, before, root, graph, values) for before in node.all_input_nodes}
            values[node] = graph.node_copy(node, given.__getitem__)
            set_target(root, node, self._source, self._module(node) if node in self._strides else None)
        return fx.GraphModule(root, graph)

    def _reads_points(self, node: fx.Node) -> bool:
        """Whether a node is a convolution each of whose outputs reads one position, none of them padding."""
        if node not in self._strides:
            return False
        module = self._source.get_submodule(str(node.target))
        return module.kernel_size == (1, 1) and module.padding == (0, 0)

    def _takes_stride(self, node: fx.Node) -> bool:
        """Whether a node, all of whose readers want the same stride, saves work by having it."""
        if node.op != "call_module" or node.target in self._kept:
            return False
        if node in self._strides:
            return True
        return any(self._belongs(before, node) for before in self._summands(node))

    def _summands(self, node: fx.Node) -> list[fx.Node]:
        """What a module that computes position by position reads; of another module, nothing."""
        if is_plain_sum(self._source, node):
            return [] if node.args[0] is node.args[1] else node.all_input_nodes
        by_position = type(self._source.get_submodule(str(node.target))) in _BY_POSITION
        return node.all_input_nodes if by_position else []

    def _belongs(self, before: fx.Node, node: fx.Node) -> bool:
        """Whether what a node reads is read by it alone, and can take its stride."""
        return list(before.users) == [node] and self._takes_stride(before)

    def _thin(self, node: fx.Node, stride: Stride) -> None:
        """Have a node give every stride-th of its positions."""
        if node in self._strides:
            rows, columns = self._strides[node]
            self._strides[node] = rows * stride[0], columns * stride[1]
            return
        for before in self._summands(node):
            if self._belongs(before, node):
                self._thin(before, stride)
            else:
                self._thinned[node, before] = stride

    def _put_thinned(
        self, node: fx.Node, before: fx.Node, root: nn.Module, graph: fx.Graph, values: dict[fx.Node, fx.Node]
    ) -> fx.Node:
        """What a node reads, thinned out on the way where that is called for."""
        if (node, before) not in self._thinned:
            return values[before]
        name = f"{node.name}_of_{before.name}"
        root.add_module(name, nn.MaxPool2d(1, self._thinned[node, before]))
        return graph.call_module(name, (values[before],))

    def _module(self, node: fx.Node) -> nn.Module:
        """A node's module, or one with its new stride that shares its numbers."""
        module = self._source.get_submodule(str(node.target))
        if module.stride == self._strides[node]:
            return module
        changed = copy.copy(module)
        changed.stride = self._strides[node]  # type: ignore[assignment]
        return changed
