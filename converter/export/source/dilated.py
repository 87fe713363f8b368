"""The form in which a person writes a DilatedNet: tables of blocks and context layers, and loops over them.

Whether a net is one is decided by building what was written and comparing it, module by module, with the net.
"""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import fx, nn

from converter.export.source.constructor import constructor, literal
from converter.export.source.layout import lay_out_statement
from converter.modules.max_pooling import CeilMaxPool2d
from converter.pytorch.caffe_module import CaffeModule

_LAST_OF_FRONT = "drop7"

_FRONT_END = """\
        channels = 3
        for number, convolutions, width, dilation in BLOCKS:
            for index in range(1, convolutions + 1):
                self.add_module(f"conv{number}_{index}", nn.Conv2d(channels, width, 3, dilation=dilation))
                self.add_module(f"relu{number}_{index}", nn.ReLU())
                channels = width
            if number <= 3:
                self.add_module(f"pool{number}", CeilMaxPool2d(2, 2))
        for number, kernel_size, dilation in ((6, 7, 4), (7, 1, 1)):
            self.add_module(f"fc{number}", nn.Conv2d(channels, FC_WIDTH, kernel_size, dilation=dilation))
            self.add_module(f"relu{number}", nn.ReLU())
            self.add_module(f"drop{number}", nn.Dropout(0.5))
            channels = FC_WIDTH"""

_CONTEXT = """\
        for name, relu, width, kernel_size, padding, dilation in CONTEXT:
            self.add_module(name, nn.Conv2d(channels, width, kernel_size, padding=padding, dilation=dilation))
            if relu:
                self.add_module(relu, nn.ReLU())
            channels = width"""


def dilated_class(net: CaffeModule, title: str) -> list[str] | None:
    """Constants and class of a DilatedNet; None where the net is something else."""
    modules = dict(net.named_children())
    if not _is_chain(net.graph) or _LAST_OF_FRONT not in modules or "conv1_1" not in modules:
        return None
    try:
        lines = _write_class(modules, title)
    except (AttributeError, KeyError, IndexError, StopIteration):
        return None
    return lines if _builds(lines, modules) else None


def _is_chain(graph: fx.Graph) -> bool:
    """One input, one output, every layer reads the one before it."""
    *nodes, output = graph.nodes
    calls = (node.op == "call_module" and node.args == (before,) for before, node in itertools.pairwise(nodes))
    return all(calls) and len(output.args[0]) == 1


def _write_class(modules: dict[str, nn.Module], title: str) -> list[str]:
    """The text, from what the net's modules say."""
    names = list(modules)
    after = names[names.index(_LAST_OF_FRONT) + 1 :]
    head = after[0] if after else ""
    context, end = _split(after[1:], modules)
    lines = [*_blocks(modules), f"FC_WIDTH = {_of(modules, 'fc6').out_channels}"]
    lines += [*_context(context, modules), "", "", "class Net(nn.Sequential):"]
    kinds = "front end and context module" if context else "front end"
    lines += [f'    """{title}', "", f"    The {kinds} of arXiv:1511.07122: x (n, 3, h, w) -> (n, classes, h', w')."]
    lines += ['    """', "", "    def __init__(self) -> None:", "        super().__init__()", _FRONT_END]
    if head:
        classes = _of(modules, head).out_channels
        lines.append(f"        self.add_module({literal(head)}, nn.Conv2d(channels, {classes}, 1))")
        lines += [f"        channels = {classes}", _CONTEXT] if context else []
    for name in end:
        kind, arguments = constructor(modules[name])
        lines += lay_out_statement(f"self.add_module({literal(name)}, {kind}({', '.join(arguments)}))", 8)
    return [line for text in lines for line in text.split("\n")]


def _of(modules: dict[str, nn.Module], name: str) -> nn.Conv2d:
    module = modules[name]
    if not isinstance(module, nn.Conv2d):
        raise AttributeError(name)
    return module


def _blocks(modules: dict[str, nn.Module]) -> list[str]:
    """The table of the front end's blocks."""
    lines = ["BLOCKS = (  # number, convolutions, channels, dilation"]
    for number in range(1, 6):
        convolutions = [name for name in modules if name.startswith(f"conv{number}_")]
        first = _of(modules, convolutions[0])
        lines.append(f"    ({number}, {len(convolutions)}, {first.out_channels}, {first.dilation[0]}),")
    return [*lines, ")"]


def _split(names: list[str], modules: dict[str, nn.Module]) -> tuple[list[tuple[str, str]], list[str]]:
    """Context convolutions, each with the ReLU behind it, and the layers after them."""
    found: list[tuple[str, str]] = []
    rest = list(names)
    while rest and type(modules[rest[0]]) is nn.Conv2d:
        name = rest.pop(0)
        relu = rest.pop(0) if rest and type(modules[rest[0]]) is nn.ReLU else ""
        found.append((name, relu))
    return found, rest


def _context(context: list[tuple[str, str]], modules: dict[str, nn.Module]) -> list[str]:
    """The table of context layers."""
    if not context:
        return []
    lines = ["CONTEXT = (  # name, ReLU, channels, kernel size, padding, dilation"]
    for name, relu in context:
        conv = _of(modules, name)
        row = (name, relu, conv.out_channels, conv.kernel_size[0], conv.padding[0], conv.dilation[0])
        lines.append(f"    {literal(row)},")
    return [*lines, ")"]


def _builds(lines: list[str], modules: dict[str, nn.Module]) -> bool:
    """Whether the text makes the same modules in the same order."""
    names: dict[str, Any] = {"nn": nn, "CeilMaxPool2d": CeilMaxPool2d}
    exec("\n".join(lines), names)  # our own text, filled with numbers and quoted names of the net
    with torch.device("meta"):
        built = dict(names["Net"]().named_children())
    return [(name, repr(module)) for name, module in built.items()] == [
        (name, repr(module)) for name, module in modules.items()
    ]
