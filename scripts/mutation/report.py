"""The table of a run: mutants tried, killed and unnoticed by file, and each survivor with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.mutation.mutants import Mutant
from scripts.mutation.results import Verdict

EQUIVALENT = "equivalent: "
"""How the reason of a mutant begins that changes no behaviour."""

Reasons = Mapping[tuple[str, str, str], str]


def read_reasons(path: Path) -> Reasons:
    """Reasons by file, line before and line after: blocks of four lines, with an empty line between them."""
    found = {}
    for block in path.read_text(encoding="utf-8").split("\n\n") if path.exists() else []:
        lines = [line for line in block.strip().splitlines() if not line.startswith("#")]
        if lines:
            file, before, after, reason = lines
            found[file, before, after] = reason
    return found


def reason(mutant: Mutant, reasons: Reasons) -> str:
    """Why a survivor survives, as far as someone wrote it down."""
    return reasons.get((mutant.file, mutant.before, mutant.after), "")


def table(verdicts: Sequence[tuple[Mutant, Verdict]], reasons: Reasons) -> str:
    """The Markdown table; the share is of the mutants that change behaviour."""
    lines = ["| file | tried | killed | survived | of these equivalent | share killed |", "|---|--:|--:|--:|--:|--:|"]
    by_file: dict[str, list[tuple[Mutant, Verdict]]] = {}
    for one in verdicts:
        by_file.setdefault(one[0].file, []).append(one)
    lines += [_row(f"`{file}`", found, reasons) for file, found in sorted(by_file.items())]
    return "\n".join([*lines, _row("all", verdicts, reasons)])


def _row(name: str, found: Sequence[tuple[Mutant, Verdict]], reasons: Reasons) -> str:
    survivors = [mutant for mutant, verdict in found if verdict == "survived"]
    same = sum(reason(mutant, reasons).startswith(EQUIVALENT) for mutant in survivors)
    killed = len(found) - len(survivors)
    share = f"{killed / (len(found) - same):.1%}" if len(found) > same else "–"
    return f"| {name} | {len(found)} | {killed} | {len(survivors)} | {same} | {share} |"


def survivors(verdicts: Sequence[tuple[Mutant, Verdict]], reasons: Reasons) -> str:
    """A line for each survivor, and its reason."""
    lines = []
    for mutant, verdict in verdicts:
        if verdict == "survived":
            lines.append(f"- {mutant.file}:{mutant.line}: `{mutant.before}` → `{mutant.after}`")
            lines.append(f"  {reason(mutant, reasons) or 'no reason written down'}")
    return "\n".join(lines)
