"""A net compiled for inputs of fixed shapes by oneDNN Graph: blobs in blocks, and no way through torch to each kernel.

Torch reaches oneDNN Graph through TorchScript alone. A small net gains most: of a convolution of a few thousand
positions, torch's own way to oneDNN's kernel takes the larger part.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from converter.fast import onednn
from converter.fast.concatenations import part_concatenations
from converter.fast.convolution.filter import Place
from converter.fast.folding import channel_affine, fold_affine, set_submodule
from converter.fast.layout import channels_last
from converter.fast.patterns import without_nan_rule
from converter.fast.replay import Function, Values
from converter.fast.response_normalization import FastLocalResponseNorm, is_normalization
from converter.fast.strides import move_strides
from converter.modules import activations, combine, pooling, select, shapes
from converter.modules.max_pooling import CeilMaxPool2d, MaxPool2d

LARGEST = 1 << 30
"""Bytes of parameters of a net that is compiled: its weights lie in memory once more, laid out in blocks."""

SEVERAL = 256 << 20
"""Bytes of parameters up to which every shape has a program of its own; a larger net has one for its first shape."""

_RUNS = 2
"""Runs that TorchScript wants before it optimizes for the shapes that it saw."""

_APART = 2e-5
"""Largest difference from the net's own outputs, relative to their largest number, that is accepted."""

_FIXED = {
    nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d,
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Softmax,
    nn.Flatten, nn.Dropout, nn.Identity,
    activations.Power, activations.Abs, activations.Clip,
    combine.Concat, combine.Sum, combine.Product, combine.Maximum, combine.Scale, combine.Bias,
    pooling.CeilAvgPool2d, pooling.CaffeAvgPool2d,
    select.Slice, shapes.Reshape, shapes.Permute, shapes.ShuffleChannels,
    FastLocalResponseNorm,
}  # fmt: skip
"""Modules whose steps depend on the shapes of their inputs alone: what is traced once holds for other numbers."""


_FIXED_FUNCTIONS = {operator.getitem, torch.flatten}


class Program:
    """A compiled net for inputs of fixed shapes, float32, in inference mode."""

    def __init__(self, forward: Callable[..., tuple[Tensor, ...]], names: Sequence[str]) -> None:
        self._forward, self._names = forward, names

    def __call__(self, inputs: Values) -> Values:
        """The outputs by name, for inputs in the net's order."""
        return self.run(tuple(inputs.values()))

    def run(self, inputs: Sequence[Tensor]) -> Values:
        """The outputs by name, for inputs without theirs."""
        return dict(zip(self._names, self._forward(*[value.contiguous() for value in inputs]), strict=True))


class OneDNNGraph:
    """Compiles a net's graph for the shapes of given inputs; `refusal` says why it never does, "" where it may."""

    def __init__(self, source: fx.GraphModule, place: Place) -> None:
        self._source, self._place = source, place
        self.refusal = refusal(source, place)
        self._made = False

    def __call__(self, function: Function, inputs: Values) -> Function:
        """The function for inputs of these shapes, compiled.

        Raises:
            RuntimeError: it would take too much memory, or its outputs would not be the function's.
        """
        if self._made and _parameter_bytes(self._source) > SEVERAL:
            raise RuntimeError(f"a net of more than {SEVERAL >> 20} MB is compiled for one shape alone")
        wanted = function(inputs)
        graph = static_graph(self._source, self._place)
        given = tuple(value.contiguous() for value in inputs.values())
        program = Program(_compiled(_Outputs(graph, list(wanted)), given), list(wanted))
        for name, value in program(inputs).items():
            if not bool((value - wanted[name]).abs().max() <= _APART * wanted[name].abs().max()):
                raise RuntimeError(f"{name} would differ from the net's own by more than {_APART:g} of its scale")
        self._made = True
        return program


def refusal(source: fx.GraphModule, place: Place) -> str:
    """Why a net is not compiled in a place; "" where it is."""
    if place.device.type != "cpu" or place.dtype != torch.float32 or not onednn.has_convolution():
        return "oneDNN Graph computes in float32 on the CPU"
    if _parameter_bytes(source) > LARGEST:
        return f"its parameters take more than {LARGEST >> 20} MB"
    for node in source.graph.nodes:
        if node.op == "call_module":
            module = source.get_submodule(str(node.target))
            if not _is_fixed(module, place):
                return f"the steps of {node.target} ({type(module).__name__}) may depend on its input's numbers"
        elif node.op not in ("placeholder", "output") and node.target not in _FIXED_FUNCTIONS:
            return f"the step {node.name} is none of a module"
    return ""


def _parameter_bytes(source: fx.GraphModule) -> int:
    """Bytes that a net's parameters take."""
    return sum(parameter.nbytes for parameter in source.parameters())


def static_graph(source: fx.GraphModule, place: Place) -> fx.GraphModule:
    """A copy of the graph of modules that TorchScript traces, with numbers per channel folded into convolutions."""
    folded = part_concatenations(move_strides(fold_affine(source)))
    root = nn.Module()
    for node in folded.graph.nodes:
        if node.op == "call_module":
            set_submodule(root, str(node.target), _traceable(folded.get_submodule(str(node.target)), place))
    return fx.GraphModule(root, folded.graph)


class _Outputs(nn.Module):
    """A net that gives a tuple, in the order of the names, rather than a dict."""

    def __init__(self, graph: fx.GraphModule, names: list[str]) -> None:
        super().__init__()
        self.graph, self._names = graph, names

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        outputs = self.graph(*(channels_last(value) for value in inputs))
        return tuple(outputs[name] for name in self._names) if isinstance(outputs, dict) else (outputs,)


class _MeanOfMap(nn.Module):
    """AdaptiveAvgPool2d(1) by a kernel of the map's size, which a trace fixes: oneDNN Graph has that one alone."""

    def forward(self, x: Tensor) -> Tensor:
        size = [int(length) for length in x.shape[-2:]]
        return functional.avg_pool2d(x, size, size)  # oneDNN Graph refuses strides that are not told


def _compiled(net: nn.Module, inputs: tuple[Tensor, ...]) -> Callable[..., tuple[Tensor, ...]]:
    """The net as a TorchScript program whose parts run in oneDNN Graph.

    Raises:
        RuntimeError: TorchScript does not take it.
    """
    with warnings.catch_warnings(), torch.inference_mode(False), torch.no_grad(), _fusion():
        warnings.simplefilter("ignore")  # that TorchScript is no longer developed, and branches on shapes
        given = tuple(value.clone() for value in inputs)
        program: Any = torch.jit.freeze(torch.jit.trace(net.eval(), given, check_trace=False))  # type: ignore[no-untyped-call]
        for _ in range(_RUNS):
            program(*given)
    return cast("Callable[..., tuple[Tensor, ...]]", program.forward)


@contextmanager
def _fusion() -> Iterator[None]:
    """TorchScript hands parts to oneDNN Graph, as it otherwise does not unless the program asked for it."""
    before = torch.jit.onednn_fusion_enabled()  # type: ignore[no-untyped-call]
    torch.jit.enable_onednn_fusion(True)
    try:
        yield
    finally:
        torch.jit.enable_onednn_fusion(before)


def _is_fixed(module: nn.Module, place: Place) -> bool:
    known = type(module) in _FIXED or type(module) in (MaxPool2d, CeilMaxPool2d)
    return known or is_normalization(module, place.device) or channel_affine(module) is not None


def _traceable(module: nn.Module, place: Place) -> nn.Module:
    """The module, or one of the same outputs that leaves nothing but its kernel in a trace."""
    if type(module) in (MaxPool2d, CeilMaxPool2d):
        return without_nan_rule(module)
    if type(module) is nn.AdaptiveAvgPool2d and module.output_size in (1, (1, 1)):
        return _MeanOfMap()
    if is_normalization(module, place.device):
        assert isinstance(module, nn.LocalResponseNorm)
        return FastLocalResponseNorm(module)
    return module
