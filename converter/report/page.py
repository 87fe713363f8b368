"""One self-contained HTML page: the style that every report shares, and the pieces reports are put together from.

No script, no address, no font of its own: images travel inside as data, charts as SVG, both color schemes as CSS
variables. Charts keep their text at its size on every screen: across they are measured in per cent, down in pixels.
"""

from __future__ import annotations

import base64
import html
import io
import math
import os
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from converter.errors import printable
from converter.files.atomic import atomic_write

Pixels = npt.NDArray[np.uint8]

_LONGEST_SIDE = 1024
_TAIL = 9
"""Characters of a chart's name that are always shown: at most two thirds of the narrowest column."""
PALETTE = """
:root { color-scheme: light dark; --page: #fbfbfa; --card: #fff; --ink: #1d2126; --quiet: #5b6570; --line: #dcdfe3;
  --good: #1a7f4b; --bad: #c62f2f; --mark: #2b6cb0; --soft: #eef2f6; --pool: #b7791f; --norm: #7c4dbc; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --card: #1c2024; --ink: #e6e8ea; --quiet: #9aa4ae;
  --line: #343a41; --good: #4cc38a; --bad: #ff6b6b; --mark: #6cb2f2; --soft: #252b31; --pool: #e0b04c;
  --norm: #b794f4; } }
"""
"""The colors of every page and drawing, light and dark, as CSS variables."""
_STYLE = """
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.35rem; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.5rem 0 .4rem; overflow-wrap: anywhere; }
p { margin: .4rem 0; overflow-wrap: anywhere; }
.quiet, figcaption { color: var(--quiet); font-size: .9rem; }
.verdict { border-left: .4rem solid var(--good); background: var(--card); padding: .7rem 1rem; border-radius: .3rem; }
.verdict.bad { border-color: var(--bad); }
.verdict b { color: var(--good); } .verdict.bad b { color: var(--bad); }
.box { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; }
.box.wide { margin-inline: min(0px, calc(50% - 50vw + 1rem)); position: relative; scroll-snap-type: x mandatory; }
.start { position: absolute; top: 0; width: 1px; height: 1px; animation: start 1ms; }
@keyframes start { from, to { scroll-snap-align: center; } }
table { border-collapse: collapse; width: 100%; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
tr:last-child > * { border-bottom: 0; }
th { color: var(--quiet); font-weight: 600; }
td.number, th.number { text-align: right; }
tr.bad td { color: var(--bad); }
table.facts td { white-space: normal; overflow-wrap: anywhere; } table.facts th { vertical-align: top; width: 7rem; }
.images { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 14rem), 1fr)); gap: .8rem; }
figure { margin: 0; } figure img { width: 100%; height: auto; display: block; border-radius: .3rem; }
img.cells { image-rendering: pixelated; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem .9rem; font-size: .85rem; padding: 0; margin: .6rem 0; }
.legend li { list-style: none; } .legend i, .key i { display: inline-block; width: .8em; height: .8em;
  border-radius: .15em; margin-right: .4em; border: 1px solid var(--line); }
.chart { display: grid; grid-template-columns: minmax(5rem, max-content) 1fr; column-gap: .6rem; padding: .6rem;
  background: var(--card); border: 1px solid var(--line); border-radius: .4rem; }
.chart .names { font-size: .78rem; max-width: 9rem; min-width: 0; }
.chart .names div { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; display: flex; }
.chart .names span { overflow: hidden; text-overflow: ellipsis; white-space: pre; }
.chart .names span + span { flex: none; }
.chart .names .bad { color: var(--bad); font-weight: 600; }
.chart > div:last-child { min-width: 0; padding-right: 1.4rem; }
svg { display: block; overflow: visible; } svg text { font-size: 11px; fill: var(--quiet); }
.grid { stroke: var(--line); } .bar { fill: var(--soft); } .good { fill: var(--good); } .failed { stroke: var(--bad); }
.limit { stroke: var(--ink); stroke-width: 2; }
details > summary { cursor: pointer; margin: .6rem 0; color: var(--mark); }
@media (max-width: 30rem) { main { padding: .6rem; } .chart .names { max-width: 6rem; }
  table.facts th { width: 5rem; } }
"""


def escape(text: str) -> str:
    """Text, names from files too, as HTML that shows it."""
    return html.escape(printable(text))


def page(title: str, body: Iterable[str]) -> str:
    """A whole document; `body` is HTML (see the functions below, which escape what they are given), `title` text."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{PALETTE}{_STYLE}</style></head>\n<body><main>\n<h1>{escape(title)}</h1>\n"
        + "\n".join(body)
        + "\n</main></body></html>\n"
    )


def write_page(path: str | os.PathLike[str], title: str, body: Iterable[str]) -> None:
    """Write the document, whole or not at all.

    Raises:
        OutputError: the folder is missing or not writable, or the disk is full.
    """
    text = page(title, body)
    with atomic_write(path) as file:
        file.write(text.encode())


def verdict(good: bool, word: str, text: str) -> str:
    """A colored box: a word (PASS) and what it means."""
    return f'<p class="verdict{"" if good else " bad"}"><b>{escape(word)}</b> {escape(text)}</p>'


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """A table of names and values, for what was run."""
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f'<div class="box"><table class="facts">{cells}</table></div>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1, bad: Iterable[int] = ()) -> str:
    """A table that scrolls inside its box: the first `words` columns are text, the rest numbers; `bad` rows are red."""
    kinds = ["" if column < words else ' class="number"' for column in range(len(head))]
    marked = set(bad)
    lines = ["".join(f"<th{kind}>{escape(cell)}</th>" for cell, kind in zip(head, kinds, strict=True))]
    for row in rows:
        lines.append("".join(f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(row, kinds, strict=True)))
    body = "".join(f"<tr{' class=bad' if index - 1 in marked else ''}>{line}</tr>" for index, line in enumerate(lines))
    return f'<div class="box"><table>{body}</table></div>'


def details(summary: str, content: str, *, opened: bool = False) -> str:
    """`content` (HTML) behind a line that opens it."""
    return f"<details{' open' if opened else ''}><summary>{escape(summary)}</summary>{content}</details>"


def figure(pixels: Pixels, caption: str, *, cells: bool = False, side: int = _LONGEST_SIDE) -> str:
    """An image, uint8 (h, w, 3) R, G, B, with its caption.

    `cells`: flat colors, such as label maps: kept exact, as PNG, and enlarged without blur. Others become JPEG and
    are shrunk to `side` pixels.
    """
    from PIL import Image

    image, file = Image.fromarray(np.ascontiguousarray(pixels)), io.BytesIO()
    if cells:
        image.quantize(256, dither=Image.Dither.NONE).save(file, format="PNG", optimize=True)
    else:
        image.thumbnail((side, side))
        image.save(file, format="JPEG", quality=88)
    data = base64.b64encode(file.getvalue()).decode()
    kind, mark = ("png", ' class="cells"') if cells else ("jpeg", "")
    element = f'<img{mark} alt="{escape(caption)}" src="data:image/{kind};base64,{data}">'
    return f"<figure>{element}<figcaption>{escape(caption)}</figcaption></figure>"


def gallery(figures: Iterable[str]) -> str:
    """Figures side by side, as many as the screen is wide."""
    return f'<div class="images">{"".join(figures)}</div>'


def legend(entries: Iterable[tuple[str, Sequence[int]]]) -> str:
    """Names with their colors (R, G, B)."""
    items = (
        f'<li><i style="background:rgb({",".join(str(int(part)) for part in color)})"></i>{escape(name)}</li>'
        for name, color in entries
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


def log_ticks(values: Iterable[float]) -> tuple[int, int]:
    """The powers of ten that hold every positive finite value: (lowest, highest), at least one apart."""
    logs = [math.log10(value) for value in values if value > 0 and math.isfinite(value)]
    low, high = (math.floor(min(logs)), math.ceil(max(logs))) if logs else (-1, 0)
    return low, max(high, low + 1)


def _cut_in_the_middle(name: str) -> str:
    """A name in two parts, of which the browser cuts the first where both do not fit."""
    text = printable(name)
    if len(text) <= _TAIL:
        return f"<span>{html.escape(text)}</span>"
    return f"<span>{html.escape(text[:-_TAIL])}</span><span>{html.escape(text[-_TAIL:])}</span>"


def chart(names: Sequence[str], marks: Sequence[str], axis: str, *, height: int, bad: Iterable[int] = ()) -> str:
    """Rows of a chart: names at the left, an SVG at the right whose `marks` (SVG, x in per cent) stand `height` apart.

    Args:
        names: one a row, cut in the middle to fit, since names of a family differ at the end; whole in the tooltip.
        marks: SVG of every row, drawn about y = height / 2.
        axis: SVG for behind the rows; y from 0 to the rows' end, its labels 14 px below that.
        height: of a row, in pixels.
        bad: rows whose names are red.
    """
    marked, total = set(bad), height * len(names)
    left = "".join(
        f'<div style="height:{height}px;line-height:{height}px" title="{escape(name)}"'
        f"{' class=bad' if index in marked else ''}>{_cut_in_the_middle(name)}</div>"
        for index, name in enumerate(names)
    )
    rows = "".join(f'<svg y="{index * height}" height="{height}">{mark}</svg>' for index, mark in enumerate(marks))
    drawing = f'<svg width="100%" height="{total + 20}" role="img">{axis}{rows}</svg>'
    return f'<div class="chart"><div class="names">{left}</div><div>{drawing}</div></div>'
