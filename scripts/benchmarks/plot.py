"""Curves on logarithmic axes as one SVG, panels side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDE, _HIGH, _LEFT, _TOP, _SPACE = 360, 260, 56, 34, 60
_COLORS = ("#2563eb", "#b45309", "#047857", "#7c3aed")


@dataclass(frozen=True, slots=True)
class Curve:
    """Points (x, y), all above 0, in the order of x."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Axis:
    """From value to pixel: `low` and `high` are powers of ten."""

    low: int
    high: int
    start: float
    length: float

    def at(self, value: float) -> float:
        """The pixel of a value."""
        return self.start + self.length * (math.log10(value) - self.low) / (self.high - self.low)


def plot(panels: Sequence[tuple[str, Sequence[Curve]]]) -> str:
    """An SVG document of titled panels; slope 1 is cost in proportion."""
    width, height = _SPACE + (_WIDE + _SPACE) * len(panels), _TOP + _HIGH + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for number, (title, curves) in enumerate(panels):
        parts += _panel(_LEFT + number * (_WIDE + _SPACE), title, curves)
    return "\n".join([*parts, "</svg>\n"])


def _panel(left: float, title: str, curves: Sequence[Curve]) -> list[str]:
    points = [point for curve in curves for point in curve.points]
    parts = [_text(left, 20, title, 13)]
    if not points:
        return [*parts, _text(left, _TOP + 20, "not measured", 12)]
    across = _axis([x for x, _ in points], left, _WIDE)
    down = _axis([y for _, y in points], _TOP + _HIGH, -_HIGH)
    for power in range(across.low, across.high + 1):
        x = across.at(10.0**power)
        parts += [_line(x, _TOP, x, _TOP + _HIGH), _text(x, _TOP + _HIGH + 16, f"{10.0**power:g}", 11, "middle")]
    for power in range(down.low, down.high + 1):
        y = down.at(10.0**power)
        parts += [_line(left, y, left + _WIDE, y), _text(left - 6, y + 4, f"{10.0**power:g}", 11, "end")]
    for number, curve in enumerate(curves):
        parts += _curve(curve, across, down, _COLORS[number % len(_COLORS)])
    return parts


def _axis(values: Sequence[float], start: float, length: float) -> _Axis:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return _Axis(low, max(high, low + 1), start, length)


def _curve(curve: Curve, across: _Axis, down: _Axis, color: str) -> list[str]:
    places = [(across.at(x), down.at(y)) for x, y in curve.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in places]
    line = f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.5"/>'
    return [line, *dots, _text(places[-1][0], places[-1][1] - 8, curve.name, 12, "end", color)]


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="#e5e7eb"/>'


def _text(x: float, y: float, words: str, size: int, anchor: str = "start", color: str = "#111827") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{color}">{escape(words)}</text>'
    )
