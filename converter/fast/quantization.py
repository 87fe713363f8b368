"""A fast graph in 8-bit integers: convolutions between bytes, whose ranges are those of given inputs (CPU, oneDNN)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from converter.fast import onednn
from converter.fast.convolution.filter import Filter, release_pages
from converter.fast.folding import set_submodule
from converter.fast.patterns import AcceleratedConvolution

_LARGEST_BYTE = 255
_LARGEST_WEIGHT = 127


@dataclass(frozen=True, slots=True)
class Quantization:
    """Bytes b for numbers scale · (b - zero), of a range that holds 0: padding is exact."""

    scale: float
    zero: int

    @classmethod
    def of(cls, low: float, high: float) -> Quantization:
        """For numbers from `low` to `high`; those beyond become the nearest byte."""
        low, high = min(low, 0.0), max(high, 0.0)
        scale = (high - low) / _LARGEST_BYTE or 1.0
        return cls(scale, round(-low / scale))

    def bytes_of(self, x: Tensor) -> Tensor:
        """X of any shape, float32 -> uint8."""
        return (x / self.scale + self.zero).round_().clamp_(0, _LARGEST_BYTE).to(torch.uint8)


class QuantizedConvolution(nn.Module):
    """A convolution of bytes by weights of -127 to 127, a scale for each output channel, summed exactly in 32 bits.

    Source of the scheme: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-
    Only Inference", 2018, section 2; https://arxiv.org/abs/1712.05877.
    """

    def __init__(self, given: Filter, source: Quantization, out: Quantization | None) -> None:
        super().__init__()
        self.given, self.source, self.out = given, source, out
        self._packed: Tensor | None = None
        self._scales = torch.empty(0)

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, c, h, w), uint8 or float32 -> (n, c', h', w') uint8 of `out`, float32 where that is None."""
        if x.dtype != torch.uint8:
            x = self.source.bytes_of(x)
        x = x.contiguous(memory_format=torch.channels_last)
        if self._packed is None:
            self._pack(x)
        assert self._packed is not None
        f, s = self.given, self.source
        sizes = (f.stride, f.pad, f.dilation, f.group)
        out = None if self.out is None else (self.out.scale, self.out.zero)
        bias = None if f.bias is None else f.bias.detach().float()
        return onednn.quantized_convolution(
            x, (s.scale, s.zero), self._packed, self._scales, bias, *sizes, out, f.rectified
        )

    def _pack(self, x: Tensor) -> None:
        f, s = self.given, self.source
        weight = f.weight.detach().float()
        largest = weight.abs().amax((1, 2, 3))
        self._scales = torch.where(largest > 0, largest, 1) / _LARGEST_WEIGHT
        rounded = (weight / self._scales[:, None, None, None]).round_().to(torch.int8)
        sizes = (f.stride, f.pad, f.dilation, f.group)
        self._packed = onednn.pack_quantized(rounded, self._scales, (s.scale, s.zero), *sizes, list(x.shape))
        release_pages(f.weight)


class QuantizedMaxPool(nn.Module):
    """The maximum of bytes, whose order is that of the numbers."""

    def __init__(self, pool: nn.MaxPool2d) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, c, h, w) uint8 -> (n, c, h', w') uint8."""
        p = self.pool
        kernel, stride, pad, dilation = map(_pair, (p.kernel_size, p.stride, p.padding, p.dilation))
        return onednn.quantized_max_pool(x, kernel, stride, pad, dilation, p.ceil_mode)


def quantized_graph(
    source: fx.GraphModule, inputs: Iterable[Mapping[str, Tensor]], float_names: Collection[str]
) -> fx.GraphModule:
    """A fast float32 graph with its convolutions, and the maxima between them, in bytes.

    `inputs`, by the graph's names, are run to see each blob's range. Modules of `float_names` give float32, as do all
    that other layers read. Sums with a convolution stay in float32.
    """
    ranges = _Ranges(source)
    for given in inputs:
        ranges.run(*(given[str(node.target)] for node in source.graph.nodes if node.op == "placeholder"))
    takes = _takers(source)
    gives: dict[fx.Node, Quantization] = {}
    for node in source.graph.nodes:
        module, before = _module(source, node), node.args[0] if node.args else None
        read = all(user in takes for user in node.users) and node.target not in float_names
        if isinstance(module, AcceleratedConvolution) and isinstance(before, fx.Node):
            entry = gives[before] if before in gives else Quantization.of(*ranges.found[before])
            if read:
                gives[node] = Quantization.of(*ranges.found[node])
            set_submodule(source, str(node.target), QuantizedConvolution(module.given, entry, gives.get(node)))
        elif isinstance(module, nn.MaxPool2d) and before in gives and isinstance(before, fx.Node):
            gives[node] = gives[before]
            set_submodule(source, str(node.target), QuantizedMaxPool(module))
    source.recompile()
    return source


class _Ranges(fx.Interpreter):
    """Runs a graph, and keeps the smallest and the largest number of every blob over all runs."""

    def __init__(self, source: fx.GraphModule) -> None:
        super().__init__(source)
        self.found: dict[fx.Node, tuple[float, float]] = {}

    def run_node(self, n: fx.Node) -> Any:
        """What the node gives."""
        value = super().run_node(n)
        if isinstance(value, Tensor) and value.is_floating_point() and value.numel():
            low, high = (float(end) for end in value.aminmax())
            known = self.found.get(n, (low, high))
            self.found[n] = min(low, known[0]), max(high, known[1])
        return value


def _takers(source: fx.GraphModule) -> set[fx.Node]:
    """The nodes that can take bytes: convolutions, and maxima that only such nodes read."""
    found: set[fx.Node] = set()
    for node in reversed(source.graph.nodes):
        module = _module(source, node)
        pools = isinstance(module, nn.MaxPool2d) and not module.return_indices and bool(node.users)
        if isinstance(module, AcceleratedConvolution) or (pools and all(user in found for user in node.users)):
            found.add(node)
    return found


def _module(source: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    return source.get_submodule(str(node.target)) if node.op == "call_module" else None


def _pair(size: int | tuple[int, ...]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])
