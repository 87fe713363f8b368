"""Sums fused into the convolution that goes into them, as at the end of a residual block (oneDNN, on the CPU)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

from converter.fast import onednn
from converter.fast.convolution.filter import Filter, Place, bias_of, refuse_small, release_pages
from converter.modules.combine import Sum


class SummedConvolution(nn.Module):
    """y = conv(x) + other, rectified if asked for, in one pass; weights are packed at the first call."""

    def __init__(self, given: Filter, place: Place) -> None:
        super().__init__()
        self._given, self._place = given, place
        self._weight: Tensor | None = None
        self._bias: Tensor | None = None

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        """x: (n, c, h, w), other: (n, c', h', w') -> (n, c', h', w'), channels-last.

        Raises:
            ShapeError: x is smaller than the kernel.
        """
        try:
            return self._add(x.to(self._place.dtype), other.to(self._place.dtype))
        except RuntimeError as error:
            refuse_small(self._given, x, error)
            raise

    def _add(self, x: Tensor, other: Tensor) -> Tensor:
        f = self._given
        if self._weight is None:
            weight = f.weight.detach().to(self._place.device, self._place.dtype)
            self._bias = bias_of(f, self._place)
            self._weight = onednn.pack_convolution(weight, f.stride, f.pad, f.dilation, f.group, list(x.shape))
            release_pages(f.weight)
        other = other.contiguous(memory_format=torch.channels_last)
        given = (f.stride, f.pad, f.dilation, f.group, f.rectified)
        return onednn.convolution_sum(x, other, self._weight, self._bias, *given)


@dataclass(frozen=True, slots=True)
class FusedSum:
    """A sum's convolution, what is added to it, and the ReLU behind, if there is one."""

    convolution: fx.Node
    other: fx.Node
    relu: fx.Node | None


def find_sums(source: fx.GraphModule, place: Place) -> dict[fx.Node, FusedSum]:
    """The plain sums of two that a convolution goes into and nothing else reads, by their nodes."""
    here = place.device.type == "cpu" and place.dtype in (torch.float32, torch.bfloat16)
    if not here or not onednn.has_convolution() or (place.dtype == torch.bfloat16 and not onednn.has_bfloat16()):
        return {}
    order = {node: index for index, node in enumerate(source.graph.nodes)}
    found: dict[fx.Node, FusedSum] = {}
    for node in source.graph.nodes:
        if not is_plain_sum(source, node):
            continue
        convolutions = [value for value in node.args if is_convolution(source, value) and len(value.users) == 1]
        if convolutions and node.args[0] is not node.args[1]:
            last = max(convolutions, key=order.__getitem__)
            other = node.args[0] if node.args[1] is last else node.args[1]
            found[node] = FusedSum(last, other, relu_behind(source, node))
    return found


def is_convolution(source: fx.GraphModule, node: object) -> bool:
    """Whether a node is an nn.Conv2d with zeros as padding, as numbers: what the algorithms compute."""
    if not isinstance(node, fx.Node) or node.op != "call_module":
        return False
    module = source.get_submodule(str(node.target))
    return type(module) is nn.Conv2d and module.padding_mode == "zeros" and not isinstance(module.padding, str)


def only_reader(node: fx.Node) -> fx.Node | None:
    """The module's node that alone reads a node."""
    readers = list(node.users)
    return readers[0] if len(readers) == 1 and readers[0].op == "call_module" else None


def relu_behind(source: fx.GraphModule, node: fx.Node) -> fx.Node | None:
    """The plain ReLU that alone reads a node."""
    reader = only_reader(node)
    return reader if reader is not None and type(source.get_submodule(str(reader.target))) is nn.ReLU else None


def is_plain_sum(source: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a node adds two blobs as they are."""
    if node.op != "call_module" or node.kwargs or len(node.args) != 2:
        return False
    module = source.get_submodule(str(node.target))
    return type(module) is Sum and module.coefficients == (1.0, 1.0)
