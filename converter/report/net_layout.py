"""Where boxes and arrows go, top to bottom, as Graphviz's `dot` lays them out: the program, or the extra [draw]'s."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from converter.errors import ConversionError

Point: TypeAlias = tuple[float, float]

STEM = 22
"""How far an arrow runs straight down below its box, beside the shape: no other arrow runs there, in pixels."""
_RANK_GAP = 40.0
_SIDE_GAP = 20.0
_INCH = 72.0
"""Pixels: Graphviz states gaps in inches of 72 points, and a point is a pixel here."""
_TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'
_REMEDY = "install Graphviz, or its libraries with: pip install 'dilatednet[draw]'"


@dataclass(frozen=True, slots=True)
class Arrow:
    """From a box's outlet to a later box's inlet, each counted from the left."""

    tail: int
    outlet: int
    head: int
    inlet: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The upper left corner of every box; each arrow's cubic Bézier curves, beginning at its box's stem."""

    corners: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    width: float
    height: float


def arrange(sizes: Sequence[tuple[int, int]], ports: Sequence[tuple[int, int]], arrows: Sequence[Arrow]) -> Layout:
    """Place boxes of these (width, height) in pixels, with so many inlets and outlets spread over their width.

    Raises:
        ConversionError: neither `dot` nor pygraphviz is installed, or `dot` lays nothing out.
    """
    laid_out = _graphviz(_graph(sizes, ports, arrows))
    _, _, width, height = map(float, laid_out["bb"].split(","))
    boxes = sorted(laid_out.get("objects", ()), key=lambda box: int(box["name"]))
    edges = sorted(laid_out.get("edges", ()), key=lambda edge: int(edge["id"]))
    middles = [_points(box["pos"], height)[0] for box in boxes]
    corners = [(x - size[0] / 2, y - (size[1] + STEM) / 2) for (x, y), size in zip(middles, sizes, strict=True)]
    return Layout(tuple(corners), tuple(_points(edge["pos"], height) for edge in edges), width, height)


def port(width: float, place: int, count: int) -> float:
    """Where in a box's width an inlet or outlet is, from the left."""
    return width * (place + 0.5) / count


def _graph(sizes: Iterable[tuple[int, int]], ports: Sequence[tuple[int, int]], arrows: Iterable[Arrow]) -> str:
    """The net in Graphviz's language, without a name or text: those have no say in where a box stands."""
    gaps = f'ranksep="{_RANK_GAP / _INCH:.3f}" nodesep="{_SIDE_GAP / _INCH:.3f}"'
    lines = [f"digraph {{ graph [{gaps}]; node [shape=plain]; edge [arrowhead=none];"]
    for box, ((width, height), (inlets, outlets)) in enumerate(zip(sizes, ports, strict=True)):
        rows = _ports("i", inlets, width) + _cell(width, height + STEM - 2) + _ports("o", outlets, width)
        lines.append(f"{box} [label=<{_TABLE}{rows}</TABLE>>];")
    for index, arrow in enumerate(arrows):
        weight = 2 if ports[arrow.head][0] == 1 else 1  # a short branch hangs from where it begins, not above its end
        joins = f"{arrow.tail}:o{arrow.outlet}:s -> {arrow.head}:i{arrow.inlet}:n"
        lines.append(f"{joins} [id={index}, weight={weight}];")
    return "\n".join([*lines, "}"])


def _cell(width: int, height: int) -> str:
    return f'<TR><TD FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{height}"></TD></TR>'


def _ports(letter: str, count: int, width: int) -> str:
    """A row of a pixel's height with a cell a port; their widths differ by a pixel where they must to add up."""
    if not count:
        return _cell(width, 1)
    edges = [width * place // count for place in range(count + 1)]
    cells = "".join(
        f'<TD PORT="{letter}{place}" FIXEDSIZE="TRUE" WIDTH="{edges[place + 1] - edges[place]}" HEIGHT="1"></TD>'
        for place in range(count)
    )
    return f"<TR><TD>{_TABLE}<TR>{cells}</TR></TABLE></TD></TR>"


def _points(text: str, height: float) -> tuple[Point, ...]:
    """Graphviz's points with y downwards."""
    pairs = (point.split(",") for point in text.split())
    return tuple((float(x), height - float(y)) for x, y in pairs)


def check_graphviz() -> None:
    """Refuse where there is no Graphviz.

    Raises:
        ConversionError: neither `dot` nor pygraphviz is installed.
    """
    if shutil.which("dot") is None and importlib.util.find_spec("pygraphviz") is None:
        raise ConversionError(f"a drawing needs Graphviz, which is not installed; {_REMEDY}")


def _graphviz(graph: str) -> Any:
    """The graph as JSON with places, by the program where it is installed, else by the libraries in pygraphviz."""
    check_graphviz()
    program = shutil.which("dot")
    if program:
        return _by_program(program, graph)
    pygraphviz = importlib.import_module("pygraphviz")
    return json.loads(pygraphviz.AGraph(string=graph).draw(format="json0", prog="dot"))


def _by_program(program: str, graph: str) -> Any:
    done = subprocess.run([program, "-Tjson0"], input=graph, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError as error:
        said = done.stderr.strip().splitlines() or ["nothing"]
        text = f"laid no graph out, exit code {done.returncode}, and said: {said[0]}; {_REMEDY}"
        raise ConversionError(text, path=program) from error
