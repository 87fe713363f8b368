"""The statements of `forward`: one a layer, in the order of the net, with Caffe's blobs as variables."""

from __future__ import annotations

import keyword
import operator
import re
from collections.abc import Mapping

import torch
from torch import fx

from converter.errors import OutputError
from converter.export.source.constructor import literal
from converter.export.source.layout import lay_out_statement
from converter.net.net import Shape
from converter.pytorch.builder import BLOB
from converter.pytorch.gradient_stops import is_stop

_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def attribute(name: str) -> str:
    """How `self` is asked for a module: by attribute where the layer's name is a Python name."""
    return f"self.{name}" if _WORD.fullmatch(name) else f"getattr(self, {literal(name)})"


class Statements:
    """Writes the body of `forward`.

    A variable bears its blob's name, so that an in-place layer assigns to the variable that it reads, unless something
    still wants the older value.
    """

    def __init__(self, graph: fx.Graph, shapes: Mapping[fx.Node, Shape], indent: int = 8) -> None:
        self._shapes, self._indent = shapes, indent
        self._order = {node: number for number, node in enumerate(graph.nodes)}
        self._last_use = {node: max((self._order[user] for user in node.users), default=-1) for node in graph.nodes}
        self._texts: dict[fx.Node, str] = {}
        self._holders: dict[str, fx.Node] = {}
        self.arguments: list[str] = []
        self._lines: list[tuple[str, str]] = []
        self.outputs: dict[str, str] = {}
        for node in graph.nodes:
            self._write(node)

    @property
    def lines(self) -> list[str]:
        """The body; where there is one output, its variable is annotated, since modules are called without types."""
        result = next(iter(self.outputs.values())) if len(self.outputs) == 1 else ""
        lines: list[str] = []
        for text, comment in self._lines:
            if result and text.startswith(f"{result} = "):
                text, result = f"{result}: Tensor{text.removeprefix(result)}", ""
            lines += lay_out_statement(text, self._indent, comment)
        return lines

    def _write(self, node: fx.Node) -> None:
        if node.op == "placeholder":
            self.arguments.append(self._variable_for(node, str(node.target)))
        elif node.op == "call_module":
            self._call(node)
        elif node.op == "call_function" and node.target is torch.flatten:
            self._texts[node] = f"{self._texts[node.all_input_nodes[0]]}.flatten({node.args[1]})"
        elif is_stop(node):
            self._texts[node] = f"{self._texts[node.all_input_nodes[0]]}.detach()"
        elif node.op == "call_function" and node.target is operator.getitem:
            return  # named where the tuple is made
        elif node.op == "output":
            values: Mapping[str, fx.Node] = node.args[0]  # type: ignore[assignment]
            self.outputs = {name: self._texts[value] for name, value in values.items()}
        else:
            raise OutputError(f"the graph calls {node.target!r:.60}, which is no layer of the net")

    def _call(self, node: fx.Node) -> None:
        """A layer's call, and the names of its tops."""
        inputs = ", ".join(self._texts[argument] for argument in node.args if isinstance(argument, fx.Node))
        call = f"{attribute(str(node.target))}({inputs})"
        if not node.users:
            self._lines.append((call, "read by no layer"))
            return
        parts = {int(user.args[1]): user for user in node.users if user.target is operator.getitem}  # type: ignore[arg-type]
        if parts:
            tops = [self._variable_for(parts[i], "") if i in parts else "_" for i in range(max(parts) + 1)]
            shapes = [self._shapes.get(parts[i]) for i in sorted(parts)]
            target = ", ".join(tops) if len(tops) > 1 else f"({tops[0]},)"
            comment = ", ".join(map(str, shapes)) if all(shapes) else ""
        else:
            target = self._variable_for(node, "")
            comment = str(self._shapes[node]) if node in self._shapes else ""
        self._lines.append((f"{target} = {call}", comment))

    def _variable_for(self, node: fx.Node, name: str) -> str:
        """The variable of a node's value: its blob's name, or another where that still holds a value in need."""
        word = name or variable(str(node.meta.get(BLOB, node.name)))
        while (holder := self._holders.get(word)) is not None and self._clash(holder, node):
            word += "_"
        self._holders[word] = node
        self._texts[node] = word
        return word

    def _clash(self, holder: fx.Node, node: fx.Node) -> bool:
        """Whether a variable is still read after another node wants its name, or belongs to another blob."""
        other = holder.meta.get(BLOB) != node.meta.get(BLOB)
        return other or self._last_use[holder] > self._order[node]


def variable(blob: str) -> str:
    """A Python name for a blob."""
    word = re.sub(r"\W", "_", blob, flags=re.ASCII)
    word = f"_{word}" if not word or word[0].isdigit() else word
    return f"{word}_" if keyword.iskeyword(word) or word in {"self", "torch", "nn", "F"} else word
