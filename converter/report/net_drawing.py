"""A net as SVG: boxes with their layers' text, arrows with their blobs' shapes, colors from the pages' palette."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from converter.errors import printable
from converter.report.net_boxes import Box, LayerFacts, Outlet, shape_text
from converter.report.net_layout import STEM, Arrow, Layout, Point, arrange, port
from converter.report.page import PALETTE, escape

_LINE, _PADDING, _BAND = 16, 9, 6
_NARROWEST, _LONGEST, _OUTLET = 150.0, 226.0, 104.0
_MARGIN = 12.0
_WIDTHS = ((" ,.:;'|!()-ijl", 4.8), ("mwMW×", 9.8))
_BOLD = 1.08
_MOST = 30
"""Columns of a name; more are cut in the middle, and whole in the tooltip."""

_NOT_XML = re.compile("[\ufffe\uffff]")
"""What HTML may hold and XML may not."""

COLORS = {
    "data": ("data", "--ink"),
    "weights": ("convolution, inner product", "--mark"),
    "pooling": ("pooling, resampling", "--pool"),
    "activation": ("activation, dropout", "--good"),
    "norm": ("normalization, scale", "--norm"),
    "loss": ("loss, accuracy", "--bad"),
    "other": ("other", "--quiet"),
}
"""What each kind of layer is called, and its variable of the palette."""

_STYLE = (
    ".net { margin: 0 auto; }"
    ".net rect.box { fill: var(--card); stroke: var(--line); } .net .rule { stroke: var(--line); }"
    ".net path { fill: none; stroke: var(--quiet); stroke-width: 1.2; } .net marker path { fill: var(--quiet); }"
    ".net text { font: 12px system-ui, sans-serif; fill: var(--quiet); }"
    ".net text.name { font-weight: 600; fill: var(--ink); } .net text.shape { font-size: 11px; fill: var(--ink);"
    " paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }"
    + "".join(f".net .{kind} {{ fill: var({color}); }}" for kind, (_, color) in COLORS.items())
)
_MARKER = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M1 1 7 4 1 7Z"/></marker></defs>'
)


class Drawing(NamedTuple):
    """`svg`: the element as text; `start`: the middle of the net's first box, in pixels from its left."""

    svg: str
    start: float


def draw(boxes: Sequence[Box], title: str, *, alone: bool = False) -> Drawing:
    """The net as an `<svg>`; with `alone` a file of its own, which brings the palette and its background."""
    sizes = [_size(box) for box in boxes]
    arrows, labels = _arrows(boxes)
    layout = arrange(sizes, [(box.bottoms, len(box.outlets)) for box in boxes], arrows)
    width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN
    parts = [
        f'<svg class="net" xmlns="http://www.w3.org/2000/svg" width="{width:.1f}" height="{height:.1f}" '
        f'viewBox="{-_MARGIN:.1f} {-_MARGIN:.1f} {width:.1f} {height:.1f}" role="img">'
        f"<title>{escape(title)}</title><style>{PALETTE if alone else ''}{_STYLE}</style>{_MARKER}"
    ]
    if alone:
        place = f'x="{-_MARGIN:.1f}" y="{-_MARGIN:.1f}" width="{width:.1f}" height="{height:.1f}"'
        parts.append(f'<rect {place} style="fill:var(--card)"/>')
    parts += _paths(arrows, labels, layout)
    for box, corner, size in zip(boxes, layout.corners, sizes, strict=True):
        parts += _outlets(box, corner, size)
        parts.append(_box(box, corner, size))
    svg = _NOT_XML.sub("\ufffd", "".join(parts)) + "</svg>\n"
    return Drawing(svg, layout.corners[0][0] + sizes[0][0] / 2 + _MARGIN)


def text_width(text: str) -> float:
    """About how many pixels wide a text of 12 px is, rather too wide than too narrow."""
    wide = {sign: pixels for signs, pixels in _WIDTHS for sign in signs}
    return sum(12.5 if unicodedata.east_asian_width(sign) in "WF" else wide.get(sign, 7.2) for sign in text)


def short(name: str) -> str:
    """A name in at most 30 signs: names of a family differ at the end, so the middle goes."""
    text = printable(name)
    return text if len(text) <= _MOST else f"{text[:14]}…{text[-15:]}"


def _text_lines(layer: LayerFacts) -> list[str]:
    return [short(layer.type), *(part for line in layer.lines for part in _wrap(line))]


def _wrap(line: str) -> list[str]:
    """A line as several where it is long, broken after commas."""
    parts = [""]
    for word in line.split(", "):
        if parts[-1] and text_width(f"{parts[-1]}, {word}") > _LONGEST:
            parts[-1] += ","
            parts.append(word)
        else:
            parts[-1] = f"{parts[-1]}, {word}" if parts[-1] else word
    return parts


def _size(box: Box) -> tuple[int, int]:
    names = [_BOLD * text_width(short(layer.name)) for layer in box.layers]
    texts = [text_width(text) for layer in box.layers for text in _text_lines(layer)]
    wide = max(names + texts) + 2 * _PADDING + _BAND
    shapes = [text_width(shape_text(outlet.shape)) + 16 for outlet in box.outlets]
    ports = max(len(shapes) * max([_OUTLET, *shapes]) if len(shapes) > 1 else 0, box.bottoms * 14)
    return math.ceil(max(wide, ports, _NARROWEST)), sum(map(_height, box.layers))


def _height(layer: LayerFacts) -> int:
    return _LINE * (1 + len(_text_lines(layer))) + 2 * _PADDING - 4


def _arrows(boxes: Sequence[Box]) -> tuple[list[Arrow], list[str]]:
    """Every arrow from an outlet to a reader, and what it carries, as text."""
    arrows, labels = [], []
    for tail, box in enumerate(boxes):
        for place, outlet in enumerate(box.outlets):
            arrows += [Arrow(tail, place, head, bottom) for head, bottom in outlet.readers]
            labels += [f"{outlet.blob}: {shape_text(outlet.shape)}"] * len(outlet.readers)
    return arrows, labels


def _paths(arrows: Sequence[Arrow], labels: Sequence[str], layout: Layout) -> Iterable[str]:
    for arrow, label, route in zip(arrows, labels, layout.routes, strict=True):
        joins = f'data-from="{arrow.tail}" data-to="{arrow.head}"'
        title = f"<title>{escape(label)}</title>"
        yield f'<path {joins} marker-end="url(#head)" d="{_curve(route)}">{title}</path>'


def _curve(route: Sequence[Point]) -> str:
    """Straight down past the shape, then a chain of cubic Bézier curves."""
    (x, y), *rest = route
    return f"M{x:.1f} {y - STEM:.1f}V{y:.1f}C{' '.join(f'{x:.1f} {y:.1f}' for x, y in rest)}"


def _outlets(box: Box, corner: Point, size: Point) -> Iterable[str]:
    """The shape beside each arrow's beginning; a short arrow for a blob that nothing reads: an output of the net."""
    y = corner[1] + size[1]
    for place, outlet in enumerate(box.outlets):
        x = corner[0] + port(size[0], place, len(box.outlets))
        if not outlet.readers:
            yield f'<path marker-end="url(#head)" d="M{x:.1f} {y:.1f}v{STEM:.1f}"/>'
        yield _shape(outlet, x + 6, y + 15)


def _shape(outlet: Outlet, x: float, y: float) -> str:
    label = f"{outlet.blob}: {shape_text(outlet.shape)}"
    title = f"<title>{escape(label)}</title>"
    return f'<text class="shape" x="{x:.1f}" y="{y:.1f}">{shape_text(outlet.shape)}{title}</text>'


def _box(box: Box, corner: Point, size: Point) -> str:
    (x, y), (width, height) = corner, size
    place = f'x="{x:.1f}" width="{width:.1f}" rx="4"'
    parts = [f'<g><rect class="box" {place} y="{y:.1f}" height="{height:.1f}"/>']
    for index, layer in enumerate(box.layers):
        if index:
            parts.append(f'<line class="rule" x1="{x:.1f}" x2="{x + width:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_layer(layer, x, y))
        y += _height(layer)
    return "".join(parts) + "</g>"


def _layer(layer: LayerFacts, x: float, y: float) -> str:
    """The band of the layer's color, its name, its type and what matters."""
    band = f'<rect class="{layer.kind}" x="{x + 1:.1f}" y="{y + 1:.1f}" width="{_BAND - 1:g}"'
    left, line = x + _BAND + _PADDING, y + _PADDING + 10
    parts = [f'<g class="layer"><title>{escape(f"{layer.name} ({layer.type})")}</title>']
    parts.append(f'{band} height="{_height(layer) - 2:.1f}" rx="2"/>')
    parts.append(f'<text class="name" x="{left:.1f}" y="{line:.1f}">{escape(short(layer.name))}</text>')
    for text in _text_lines(layer):
        line += _LINE
        parts.append(f'<text x="{left:.1f}" y="{line:.1f}">{escape(text)}</text>')
    return "".join(parts) + "</g>"
