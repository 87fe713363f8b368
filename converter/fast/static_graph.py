"""Which nets can be compiled for inputs of fixed shapes, and their graphs as compilers take them."""

from __future__ import annotations

import operator

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from converter.fast import onednn
from converter.fast.concatenations import part_concatenations
from converter.fast.convolution.filter import Place
from converter.fast.folding import channel_affine, fold_affine, set_submodule
from converter.fast.patterns import without_nan_rule
from converter.fast.response_normalization import FastLocalResponseNorm, is_normalization
from converter.fast.strides import move_strides
from converter.modules import activations, combine, pooling, select, shapes
from converter.modules.max_pooling import CeilMaxPool2d, MaxPool2d

LARGEST = 1 << 30
"""Bytes of parameters of a net that is compiled: its weights lie in memory once more, laid out in blocks."""

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


class MeanOfMap(nn.Module):
    """AdaptiveAvgPool2d(1) by a kernel of the map's size, which a trace fixes: oneDNN Graph has that one alone."""

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, c, h, w) -> (n, c, 1, 1)."""
        size = [int(length) for length in x.shape[-2:]]
        return functional.avg_pool2d(x, size, size)  # oneDNN Graph refuses strides that are not told


def refusal(source: fx.GraphModule, place: Place) -> str:
    """Why a net is not compiled in a place; "" where it is."""
    if place.device.type != "cpu" or place.dtype != torch.float32 or not onednn.has_convolution():
        return "oneDNN computes in float32 on the CPU"
    if parameter_bytes(source) > LARGEST:
        return f"its parameters take more than {LARGEST >> 20} MB"
    for node in source.graph.nodes:
        if node.op == "call_module":
            module = source.get_submodule(str(node.target))
            if not _is_fixed(module, place):
                return f"the steps of {node.target} ({type(module).__name__}) may depend on its input's numbers"
        elif node.op not in ("placeholder", "output") and node.target not in _FIXED_FUNCTIONS:
            return f"the step {node.name} is none of a module"
    return ""


def parameter_bytes(source: fx.GraphModule) -> int:
    """Bytes that a net's parameters take."""
    return sum(parameter.nbytes for parameter in source.parameters())


def static_graph(source: fx.GraphModule, place: Place) -> fx.GraphModule:
    """A copy of the graph of modules that compilers know, with numbers per channel folded into convolutions."""
    folded = part_concatenations(move_strides(fold_affine(source)))
    root = nn.Module()
    for node in folded.graph.nodes:
        if node.op == "call_module":
            set_submodule(root, str(node.target), _traceable(folded.get_submodule(str(node.target)), place))
    return fx.GraphModule(root, folded.graph)


def _is_fixed(module: nn.Module, place: Place) -> bool:
    known = type(module) in _FIXED or type(module) in (MaxPool2d, CeilMaxPool2d)
    return known or is_normalization(module, place.device) or channel_affine(module) is not None


def _traceable(module: nn.Module, place: Place) -> nn.Module:
    """The module, or one of the same outputs that is nothing but its kernel."""
    if type(module) in (MaxPool2d, CeilMaxPool2d):
        return without_nan_rule(module)
    if type(module) is nn.AdaptiveAvgPool2d and module.output_size in (1, (1, 1)):
        return MeanOfMap()
    if is_normalization(module, place.device):
        assert isinstance(module, nn.LocalResponseNorm)
        return FastLocalResponseNorm(module)
    return module
