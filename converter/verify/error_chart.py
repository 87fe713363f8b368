"""The error of every blob on a log axis, against its tolerance, as a chart for the report."""

from __future__ import annotations

import math
from collections.abc import Sequence

from converter.report import page
from reference.compare import Comparison, Row

_ROW = 20
_LABELS = 6


def error_chart(comparison: Comparison) -> str:
    """One row a blob, in net order: a dot at its error relative to its largest magnitude, a stroke at its tolerance.

    A blob that diverges is a cross; one without a figure (NaN, another shape, missing) is a cross at the right edge.
    """
    rows = comparison.rows
    low, high = page.log_ticks([value for row in rows for value in (row.relative, row.tolerance)])
    bad = [index for index, row in enumerate(rows) if not row.passed]
    marks = [_mark(row, low, high) for row in rows]
    axis = _axis(low, high, _ROW * len(rows))
    return page.chart([row.blob for row in rows], marks, axis, height=_ROW, bad=bad) + _KEY


_KEY = (
    '<p class="quiet">● error (largest difference over the blob\'s largest magnitude) &nbsp; '
    "┃ tolerance &nbsp; ✕ diverges</p>"
)


def _across(value: float, low: int, high: int) -> float:
    """Where a value stands on the axis, in per cent; zero and less at its beginning, what is no number at its end."""
    if math.isnan(value) or math.isinf(value):
        return 100.0
    if value <= 0:
        return 0.0
    return min(100.0, max(0.0, 100 * (math.log10(value) - low) / (high - low)))


def _mark(row: Row, low: int, high: int) -> str:
    x, limit, middle = _across(row.relative, low, high), _across(row.tolerance, low, high), _ROW // 2
    told = f"<title>{row.relative:.2e}, tolerance {row.tolerance:.1e}</title>"
    bar = f'<rect class="bar" x="0" y="3" width="{x:.2f}%" height="{_ROW - 6}"/>'
    stroke = f'<line class="limit" x1="{limit:.2f}%" x2="{limit:.2f}%" y1="3" y2="{_ROW - 3}"/>'
    if row.passed:
        return f'{bar}{stroke}<circle class="good" cx="{x:.2f}%" cy="{middle}" r="4">{told}</circle>'
    cross = f'<svg x="{x:.2f}%" y="{middle}"><path class="failed" d="M-5-5 5 5M-5 5 5-5" stroke-width="2.5">{told}'
    return f"{bar}{stroke}{cross}</path></svg>"


def _axis(low: int, high: int, height: int) -> str:
    """A thin line a labelled decade, at most six of them, and its power of ten below."""
    return "".join(_tick(power, low, high, height) for power in _powers_of_ten(low, high))


def _powers_of_ten(low: int, high: int) -> Sequence[int]:
    return range(low, high + 1, max(1, math.ceil((high - low) / (_LABELS - 1))))


def _tick(power: int, low: int, high: int, height: int) -> str:
    x = f"{100 * (power - low) / (high - low):.2f}%"
    anchor = "start" if power == low else "middle"
    return (
        f'<line class="grid" x1="{x}" x2="{x}" y1="0" y2="{height}"/>'
        f'<text x="{x}" y="{height + 14}" text-anchor="{anchor}">1e{power}</text>'
    )
