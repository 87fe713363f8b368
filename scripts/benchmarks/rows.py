"""Rows of the benchmark's table: figures of one contestant, medians, spread, and its ratio to another's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(slots=True)
class Row:
    """One contestant: `values` in `unit`, one a round; `peak` in bytes where it was measured.

    `ratios`: median over rounds of this row's value by another's of the same round, by that other's name.
    """

    group: str
    name: str
    values: list[float] = field(default_factory=list)
    unit: str = "s"
    peak: int | None = None
    ratios: dict[str, float] = field(default_factory=dict)
    facts: dict[str, float | str] = field(default_factory=dict)

    @property
    def centre(self) -> float | None:
        """The median, None where nothing was measured."""
        return median(self.values) if self.values else None

    def data(self) -> dict[str, object]:
        """For JSON."""
        return {
            "group": self.group,
            "name": self.name,
            "unit": self.unit,
            "median": self.centre,
            "values": self.values,
            "peak_bytes": self.peak,
            "ratios": self.ratios,
            **({"facts": self.facts} if self.facts else {}),
        }


def compare(rows: Sequence[Row], reference: str) -> None:
    """Note every row's ratio to the row named `reference`, round by round, which cancels a machine's drift."""
    base = next((row for row in rows if row.name == reference and row.values), None)
    for row in rows if base is not None else ():
        if row is not base and row.values and row.unit == base.unit:
            row.ratios[reference] = median(a / b for a, b in zip(row.values, base.values, strict=False))


def table(rows: Iterable[Row]) -> str:
    """Markdown, a section a group."""
    lines: list[str] = []
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            lines += [
                "",
                f"### {group}",
                "",
                "| | median | spread | ratio | peak memory | |",
                "|---|--:|--:|---|--:|---|",
            ]
        lines.append("| " + " | ".join(_cells(row)) + " |")
    return "\n".join(lines[1:]) + "\n"


def _cells(row: Row) -> list[str]:
    facts = ", ".join(f"{name}: {_short(value)}" for name, value in row.facts.items())
    if row.centre is None:
        return [row.name, "–", "", "", "", facts]
    spread = f"{_short(min(row.values))} … {_short(max(row.values))}" if len(row.values) > 1 else ""
    ratios = ", ".join(f"{ratio:.2f} × {name}" for name, ratio in row.ratios.items())
    peak = f"{row.peak / 1e6:,.0f} MB" if row.peak is not None else ""
    return [row.name, f"{_short(row.centre)} {row.unit}", spread, ratios, peak, facts]


def _short(value: float | str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if value and abs(value) < 1e-3:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
