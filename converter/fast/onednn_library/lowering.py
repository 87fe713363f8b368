"""A graph of modules taken apart into steps on fixed memory: oneDNN's kernels, and torch's operators between them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, fx, nn

from converter.fast import onednn
from converter.fast.onednn_library.binding import raise_for
from converter.fast.onednn_library.fusion import find_fusion
from converter.fast.onednn_library.kernels import Kernels, Step
from converter.fast.onednn_library.memory import Buffers, is_laid_out
from converter.fast.onednn_library.plain import kernel_for
from converter.fast.onednn_library.windows import convolved_shape
from converter.fast.sums import is_convolution, is_plain_sum, only_reader

Into = Callable[..., object]

_INTO: dict[type[nn.Module], Callable[[Any, Tensor], Into]] = {
    nn.ReLU: lambda _, target: lambda x: torch.clamp_min(x, 0, out=target),
    nn.Sigmoid: lambda _, target: lambda x: torch.sigmoid(x, out=target),
    nn.Linear: lambda module, target: lambda x: target.copy_(_linear(module, x)),
}
"""Modules that torch can compute into memory that is there."""

_WEIGHTED = (nn.Conv2d, nn.Linear)

_PACKED = 32 << 20
"""Bytes of a linear layer's weights up to which they are packed; a larger layer waits for memory, packed or not."""


class Lowering:
    """Makes the steps of a graph for inputs of given shapes, and runs each once as it is made.

    Attributes:
        entries: what takes the inputs, in order, and gives a status; each must lie in memory as the one given here.
        steps: what is done then, in order.
        outputs: the tensors that then hold the outputs, in order.
    """

    def __init__(
        self, source: fx.GraphModule, inputs: Sequence[Tensor], names: Sequence[str], packed: dict[str, Tensor]
    ) -> None:
        """inputs: contiguous float32; packed: weights as `Kernels` packs them, taken from there or added.

        Raises:
            RuntimeError: oneDNN has no kernel for a step.
        """
        self._source, self._kernels, self._buffers = source, Kernels(packed), Buffers()
        self._values: dict[fx.Node, Any] = {}
        self.entries: list[Callable[[Tensor], int]] = []
        self.steps: list[Step] = []
        self.outputs: list[Tensor] = []
        self._passing: list[Tensor] = []
        given = iter(inputs)
        for node in source.graph.nodes:
            if node.op == "placeholder":
                self._enter(node, next(given))
            elif node.op == "output":
                found = node.args[0]
                self.outputs = [self._values[found[name] if isinstance(found, dict) else found] for name in names]
            elif node not in self._values:
                self._lower(node)

    def _enter(self, node: fx.Node, example: Tensor) -> None:
        target = self._buffers.take(example.shape)
        entry = self._kernels.entry(example, target)
        raise_for(entry(example))
        self.entries.append(entry)
        self._define(node, target)

    def _lower(self, node: fx.Node) -> None:
        """The steps of one node, or of one and of those that its kernel does along."""
        module = self._source.get_submodule(str(node.target)) if node.op == "call_module" else None
        x = self._values[node.all_input_nodes[0]]
        if isinstance(module, nn.Conv2d) and x.ndim == 4 and is_convolution(self._source, node):
            self._weigh(node, module, self._kernels.convolution, convolved_shape(module, x))
        elif isinstance(module, nn.Linear) and x.ndim == 2 and module.weight.nbytes <= _PACKED:
            self._weigh(node, module, self._kernels.linear, (len(x), module.out_features))
        elif module is None or not self._map(node, module):
            self._compute(node, module or node.target)

    def _weigh(self, node: fx.Node, module: nn.Module, kernel: Callable[..., Step], shape: tuple[int, ...]) -> None:
        """A layer with weights, and the sum and the activation behind it."""
        entry = node.all_input_nodes[0]
        self._hurry(node)
        fusion = find_fusion(self._source, node, lambda other: self._is_free(other, shape))
        target = self._buffers.take(shape) if fusion.other is None else self._values[fusion.other]
        self._append(kernel(self._laid_out(entry), module, target, fusion.behind, node.name))
        for fused in fusion.nodes:
            self._values[fused] = target
        self._finish(fusion.last, target, [entry] if fusion.other is None else [entry, fusion.other])

    def _hurry(self, node: fx.Node) -> None:
        """Compute what a layer's numbers are added to, if that is one step away, so that its kernel can do the sum."""
        reader = only_reader(node)
        others = reader.all_input_nodes if reader is not None and is_plain_sum(self._source, reader) else []
        for other in others:
            here = other in self._values or any(value not in self._values for value in other.all_input_nodes)
            if not here and other is not node and not self._is_weighted(other):  # of two layers the second does the sum
                self._lower(other)

    def _is_weighted(self, node: fx.Node) -> bool:
        return node.op == "call_module" and isinstance(self._source.get_submodule(str(node.target)), _WEIGHTED)

    def _is_free(self, node: fx.Node, shape: tuple[int, ...]) -> bool:
        """Whether a sum of a shape may take a blob's place: it is there, and nothing else is still to read it."""
        value = self._values.get(node)
        if not isinstance(value, Tensor) or tuple(value.shape) != shape or not is_laid_out(value):
            return False
        return self._buffers.readers(value) == 1

    def _map(self, node: fx.Node, module: nn.Module) -> bool:
        """A step without weights, where oneDNN has a kernel for it."""
        found = kernel_for(module, [self._values[value] for value in node.args if isinstance(value, fx.Node)])
        if found is None:
            return False
        shape, kernel = found
        target = self._buffers.take(shape)
        inputs = [self._laid_out(value) for value in node.args if isinstance(value, fx.Node)]
        try:
            self._append(kernel(self._kernels, inputs, target))
        except RuntimeError:
            self._buffers.give_back(target)
            return False
        self._finish(node, target)
        return True

    def _compute(self, node: fx.Node, function: Any) -> None:
        """A step of torch's own; what is but another view of its inputs takes none."""
        if getattr(function, "inplace", False):
            function = copy.copy(function)
            function.inplace = False
        arguments = fx.node.map_arg(node.args, self._values.__getitem__)
        found = function(*arguments, **node.kwargs)
        if not _is_view(found, [self._values[value] for value in node.all_input_nodes]):
            found = self._stored(function, arguments, node.kwargs, found)
        self._finish(node, found)

    def _stored(self, function: Any, arguments: Any, options: Mapping[str, Any], found: Any) -> Any:
        """The memory that a step of torch's fills at every run."""
        if not isinstance(found, Tensor):
            raise RuntimeError(f"{function} gives new tensors, several at a time")
        target = self._buffers.take(found.shape)
        if type(function) in _INTO:
            self._append(_completed(_INTO[type(function)](function, target), *arguments))
        else:
            self._append(_completed(lambda: target.copy_(function(*arguments, **options))))
        return target

    def _laid_out(self, node: fx.Node) -> Tensor:
        """A blob in the layout that kernels want; copied where it has another."""
        value = cast(Tensor, self._values[node])
        if is_laid_out(value):
            return value
        target = self._buffers.take(value.shape)
        self._buffers.expect(target, 1)
        self._passing.append(target)
        self._append(_completed(target.copy_, value))
        return target

    def _append(self, step: Step) -> None:
        """Run a step, and take it into the list."""
        raise_for(step())
        self.steps.append(step)

    def _finish(self, node: fx.Node, value: Any, read: Sequence[fx.Node] | None = None) -> None:
        """A node's value is there, and blobs (the node's inputs unless told) were read once more for it."""
        self._define(node, value)
        for blob in node.all_input_nodes if read is None else read:
            for tensor in _tensors(self._values[blob]):
                self._buffers.read(tensor)
        for copied in self._passing:
            self._buffers.read(copied)
        self._passing = []

    def _define(self, node: fx.Node, value: Any) -> None:
        self._values[node] = value
        for tensor in _tensors(value):
            self._buffers.expect(tensor, len(node.users))


def _linear(module: nn.Linear, x: Tensor) -> Tensor:
    """By torch's oneDNN, which is newer: its kernel for a few rows reads the weights as they are, and faster."""
    if x.ndim != 2 or not onednn.has_linear():
        return cast(Tensor, module(x))
    return onednn.linear(x, module.weight, module.bias, False)


def _completed(function: Callable[..., object], *arguments: Any) -> Step:
    """A step of torch's, which has no status."""

    def step() -> int:
        function(*arguments)
        return 0

    return step


def _tensors(value: Any) -> Sequence[Tensor]:
    """The tensors of a node's value: one, or several as of a slice."""
    return [value] if isinstance(value, Tensor) else [one for one in value if isinstance(one, Tensor)]


def _is_view(found: Any, inputs: Sequence[Any]) -> bool:
    """Whether all that was found lies in the inputs' memory."""
    memory = {one.untyped_storage().data_ptr() for value in inputs for one in _tensors(value)}
    return all(one.untyped_storage().data_ptr() in memory for one in _tensors(found))
