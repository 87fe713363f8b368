"""The report as Markdown: a summary first, then a table a part."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.gpu_check.findings import Finding, Outcome
from scripts.gpu_check.parts import PARTS

_TITLES = {part.name: part.title for part in PARTS}


def markdown(about: str, outcomes: Sequence[Outcome]) -> str:
    """All parts that have run."""
    lines = ["# GPU check", "", about, "", "| part | | verdict | s |", "|---|---|---|--:|"]
    lines += [f"| {o.part} | {_TITLES[o.part]} | {verdict(o)} | {o.seconds:.0f} |" for o in outcomes]
    for outcome in outcomes:
        lines += ["", f"## {outcome.part}", "", *_table(outcome)]
    return "\n".join(lines) + "\n"


def verdict(outcome: Outcome) -> str:
    """A part in a word, or with what is wrong in it."""
    if not outcome.wrong:
        return "ok" if outcome.parity else "done"
    more = f" (and {len(outcome.wrong) - 1} more)" if len(outcome.wrong) > 1 else ""
    return f"**{'failed' if outcome.parity else 'incomplete'}**: {_cell(outcome.wrong[0])}{more}"


def _table(outcome: Outcome) -> list[str]:
    columns = list(dict.fromkeys(name for finding in outcome.findings for name in finding.facts))
    found = [f"It ended early: {_cell(outcome.error)}", ""] if outcome.error else []
    if not outcome.findings:
        return found or ["Nothing found."]
    head = ["", *columns, *(["wrong"] if any(finding.wrong for finding in outcome.findings) else [])]
    rows = [_row(finding, columns, len(head)) for finding in outcome.findings]
    return [*found, f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *rows]


def _row(finding: Finding, columns: Sequence[str], width: int) -> str:
    cells = [finding.name, *(_cell(finding.facts.get(name, "")) for name in columns), finding.wrong]
    return f"| {' | '.join(map(_cell, cells[:width]))} |"


def _cell(value: float | str) -> str:
    if isinstance(value, str):
        return value.replace("|", "\\|").replace("\n", " ")
    if isinstance(value, int):
        return f"{value:,}"
    if value and abs(value) < 1e-3:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
