"""A directed graph in Graphviz's dot language, drawn by `dot` where it is installed, else in ranks by Pillow."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from converter.errors import OutputError

_PILLOW = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "pdf": "PDF", "gif": "GIF", "bmp": "BMP"}
_TEXT = ("dot", "raw", "gv")
_GAP, _PAD, _LINE, _LETTER = 24, 8, 14, 6


@dataclass(frozen=True, slots=True)
class Node:
    """A box: its label and Graphviz's attributes."""

    label: str
    style: Mapping[str, str]

    @property
    def lines(self) -> list[str]:
        """The label's lines, without quotes."""
        return self.label.strip('"').split(r"\n")


@dataclass(slots=True)
class DotGraph:
    """Nodes by name and arrows between them; `rankdir` is LR, TB or BT."""

    name: str
    rankdir: str
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[tuple[str, str, str]] = field(default_factory=list)

    def add_node(self, name: str, label: str, style: Mapping[str, str]) -> None:
        """Add a node, or replace the one of that name."""
        self.nodes[name] = Node(label, style)

    def add_edge(self, source: str, target: str, label: str) -> None:
        """Add an arrow."""
        self.edges.append((source, target, label))

    def to_string(self) -> str:
        """The graph in the dot language."""
        lines = [f"digraph {_quote(self.name)} {{", f"rankdir={self.rankdir};"]
        for name, node in self.nodes.items():
            style = "".join(f", {key}={_quote(value)}" for key, value in node.style.items())
            lines.append(f"{_quote(name)} [label={_quote(node.label)}{style}];")
        lines += [f"{_quote(a)} -> {_quote(b)} [label={_quote(label)}];" for a, b, label in self.edges]
        return "\n".join([*lines, "}", ""])

    def create(self, format: str = "png") -> bytes:  # noqa: A002 - pydot's name
        """The drawing's bytes.

        Raises:
            OutputError: a format that nobody here draws.
        """
        if format in _TEXT:
            return self.to_string().encode()
        if shutil.which("dot"):
            done = subprocess.run(
                ["dot", f"-T{format}"], input=self.to_string().encode(), capture_output=True, check=False
            )
            if done.returncode == 0:
                return done.stdout
        if format not in _PILLOW:
            known = ", ".join([*_PILLOW, *_TEXT])
            raise OutputError(f"format {format!r} needs Graphviz's dot; without it there are {known}; install Graphviz")
        return self._draw(_PILLOW[format])

    def _ranks(self) -> dict[str, int]:
        """How many arrows lie before each node, at most; arrows back (in-place layers) do not count."""
        order = {name: place for place, name in enumerate(self.nodes)}
        ranks = dict.fromkeys(self.nodes, 0)
        for source, target, _ in sorted(self.edges, key=lambda edge: order[edge[0]]):
            if order[source] < order[target]:
                ranks[target] = max(ranks[target], ranks[source] + 1)
        return ranks

    def _places(self) -> dict[str, tuple[int, int, int, int]]:
        """Left, top, width and height of each node: ranks side by side, the nodes of one below each other."""
        ranks = self._ranks()
        across = self.rankdir == "LR"
        sizes = {
            name: (2 * _PAD + _LETTER * max(map(len, node.lines)), 2 * _PAD + _LINE * len(node.lines))
            for name, node in self.nodes.items()
        }
        depth = [0] * (max(ranks.values(), default=0) + 1)
        for name, rank in ranks.items():
            depth[rank] = max(depth[rank], sizes[name][0 if across else 1])
        starts = [_GAP + sum(depth[:rank]) + 2 * _GAP * rank for rank in range(len(depth))]
        used = [_GAP] * len(depth)
        places = {}
        for name, rank in ranks.items():
            width, height = sizes[name]
            places[name] = (*((starts[rank], used[rank]) if across else (used[rank], starts[rank])), width, height)
            used[rank] += (height if across else width) + _GAP
        if self.rankdir == "BT":
            foot = max((top + height for _, top, _, height in places.values()), default=0) + _GAP
            return {name: (left, foot - top - height, w, height) for name, (left, top, w, height) in places.items()}
        return places

    def _draw(self, kind: str) -> bytes:
        from PIL import Image, ImageDraw

        places = self._places()
        width = max((left + w for left, _, w, _ in places.values()), default=0) + _GAP
        height = max((top + h for _, top, _, h in places.values()), default=0) + _GAP
        image = Image.new("RGB", (width, height), "white")
        pen = ImageDraw.Draw(image)
        for source, target, _label in self.edges:
            pen.line([_center(places[source]), _center(places[target])], fill="#555555")
        for name, node in self.nodes.items():
            left, top, w, h = places[name]
            pen.rectangle((left, top, left + w, top + h), fill=node.style.get("fillcolor", "white"), outline="black")
            pen.multiline_text((left + _PAD, top + _PAD), "\n".join(node.lines), fill="black")
        out = io.BytesIO()
        image.save(out, kind)
        return out.getvalue()


def _center(place: tuple[int, int, int, int]) -> tuple[int, int]:
    left, top, width, height = place
    return left + width // 2, top + height // 2


def _quote(text: str) -> str:
    """A dot string; one that is in quotes already stays."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text
    return '"' + text.replace('"', r"\"") + '"'
