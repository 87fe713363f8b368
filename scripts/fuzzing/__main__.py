"""`scripts/fuzz MINUTES`: every reader of both programs on damaged and made-up files, and what became of them.

Findings are kept in tests/fuzz/findings, where a test feeds them again. Exit code 1 where there are any.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scripts.fuzzing.session import Counts, finding_name, run
from scripts.fuzzing.subjects import Subject, subjects

FINDINGS = Path(__file__).resolve().parents[2] / "tests" / "fuzz" / "findings"


def arguments() -> argparse.ArgumentParser:
    """MINUTES, --seed, --only, --findings."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("minutes", type=float, help="how long in all; every format gets its share")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same inputs (default 0)")
    parser.add_argument("--only", nargs="+", default=[], metavar="FORMAT", help="these formats alone")
    parser.add_argument("--findings", type=Path, default=FINDINGS, metavar="DIR", help="where findings are kept")
    return parser


def main() -> int:
    """Run, print the table, keep the findings."""
    given = arguments().parse_args()
    chosen = [subject for subject in subjects() if not given.only or subject.name in given.only]
    print(f"seed {given.seed}, {given.minutes:g} minutes\n{HEAD}", flush=True)
    found = 0
    for subject in chosen:
        counts = run(subject, given.seed, given.minutes * 60 / len(chosen))
        print(row(subject.name, counts), flush=True)
        found += keep(subject, counts, given.findings)
    return 1 if found else 0


HEAD = f"{'format':18}{'inputs':>9}{'read':>9}{'refused':>9}{'differing':>11}{'findings':>10}{'CPU s':>9}"


def row(name: str, counts: Counts) -> str:
    """A line of the table."""
    numbers = f"{counts.inputs:9}{counts.read:9}{counts.refused:9}{counts.differing:11}{len(counts.findings):10}"
    return f"{name:18}{numbers}{counts.seconds:9.1f}"


def keep(subject: Subject, counts: Counts, folder: Path) -> int:
    """Write the findings as files, and print what they are."""
    for fault, data in counts.findings.items():
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / finding_name(subject, data)
        path.write_bytes(data)
        print(f"  {path.name} ({len(data)} bytes): {fault}", flush=True)
    return len(counts.findings)


if __name__ == "__main__":
    sys.exit(main())
