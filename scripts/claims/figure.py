"""The claims' results as a table for people, as JSON for programs, and as an image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from statistics import mean, stdev
from textwrap import wrap

from scripts.claims.experiment import KINDS, STARTS, Measured

_LEFT, _ROW, _WIDTH, _TOP = 190, 30, 720, 40
_LINE = 125
_COLORS = {"front end": "#6b7280", "basic": "#2563eb", "large": "#b45309"}


@dataclass(frozen=True, slots=True)
class Row:
    """One condition over all seeds: mean IoU in per cent, one value a seed."""

    kind: str
    start: str
    values: tuple[float, ...]

    @property
    def name(self) -> str:
        """What was measured, in words."""
        return self.kind if not self.start else f"+ {self.kind}, {self.start}"

    @property
    def centre(self) -> float:
        """Mean over seeds."""
        return mean(self.values)

    @property
    def spread(self) -> float:
        """Standard deviation over seeds (n - 1); 0 for one seed."""
        return stdev(self.values) if len(self.values) > 1 else 0.0


def rows(results: Iterable[Measured]) -> list[Row]:
    """Results by condition: the front end, then Basic and Large from every start."""
    measured = list(results)
    order = [("front end", ""), *((kind, start) for kind in KINDS for start in STARTS)]
    found = []
    for kind, start in order:
        values = tuple(item.mean_iou for item in measured if (item.kind, item.start) == (kind, start))
        if values:
            found.append(Row(kind, start, values))
    return found


def table(found: Sequence[Row]) -> str:
    """A Markdown table: mean IoU ± standard deviation over seeds, and every seed's."""
    lines = ["| | mean IoU, % | by seed |", "|---|---|---|"]
    for row in found:
        each = ", ".join(f"{value:.1f}" for value in row.values)
        lines.append(f"| {row.name} | {row.centre:.1f} ± {row.spread:.1f} | {each} |")
    return "\n".join(lines)


def plot(found: Sequence[Row], caption: str) -> str:
    """An SVG: a bar a condition to its mean, a dot a seed."""
    top = max(10.0, *(max(row.values) for row in found))
    limit = min(100.0, 10.0 * (int(top / 10) + 1))
    scale = (_WIDTH - _LEFT - 60) / limit
    foot = wrap(caption, _LINE)
    height = _TOP + _ROW * len(found) + 30 + 14 * len(foot)
    parts = [_head(height), _text(10, 22, "mean IoU on fresh scenes, %; bars: mean, dots: seeds", 14)]
    for tick in range(0, int(limit) + 1, 10):
        x = _LEFT + tick * scale
        end = _TOP + _ROW * len(found)
        parts.append(f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{end}" stroke="#e5e7eb"/>')
        parts.append(_text(x, end + 16, str(tick), 11, "middle"))
    parts += [_bar(row, _TOP + place * _ROW, scale) for place, row in enumerate(found)]
    below = _TOP + _ROW * len(found) + 36
    parts += [_text(10, below + 14 * place, line, 10) for place, line in enumerate(foot)]
    return "\n".join([*parts, "</svg>\n"])


def _head(height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    )


def _bar(row: Row, y: float, scale: float) -> str:
    length, middle = row.centre * scale, y + _ROW / 2
    dots = "".join(
        f'<circle cx="{_LEFT + value * scale:.1f}" cy="{middle:.1f}" r="3.5" fill="#111827"/>' for value in row.values
    )
    return (
        _text(_LEFT - 8, middle + 4, row.name, 12, "end")
        + f'<rect x="{_LEFT}" y="{y + 6:.1f}" width="{length:.1f}" height="{_ROW - 12}" fill="{_COLORS[row.kind]}"/>'
        + dots
        + _text(_LEFT + max(length, max(row.values) * scale) + 8, middle + 4, f"{row.centre:.1f}", 12)
    )


def _text(x: float, y: float, words: str, size: int, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="#111827">{escape(words)}</text>'
    )
