"""What a broken command may leave: how it ended, what stands under its target's name, what is counted as wrong."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from scripts.faulting.child import End
from scripts.faulting.operations import OLD, Operation, unfinished

_AFTER_SIGNALS = (130, 143)
"""Exit codes of a command that SIGINT or SIGTERM ended in its own words."""

NEW, KEPT, ABSENT = "new file", "old file kept", "no file"


@dataclass(slots=True)
class Tally:
    """A line of the table: outcomes and how often, and what should not have been."""

    operation: str
    fault: str
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a command is broken: its unbroken result and time, a log, random numbers."""

    operation: Operation
    wanted: dict[str, str]
    seconds: float
    log: Path
    draw: Random

    def go(self, folder: Path) -> Callable[[], int]:
        """The command into a folder."""
        return lambda: self.operation.run(folder)


def judge_refusal(bench: Bench, folder: Path, tally: Tally, end: End) -> None:
    """Count an end that has to be a refusal in one line, or the whole result where the fault came to nothing."""
    tally.outcomes[ended(end)] += 1
    if "Traceback" in end.errors or end.code not in (0, 2):
        tally.wrong.append(f"{ended(end)}: {end.errors[-400:]}")
    if not end.code and bench.operation.result(folder) != bench.wanted:
        tally.wrong.append("says that it is done, and is not")
    judge_target(bench, folder, tally)
    if bench.operation.target and unfinished(folder):
        tally.wrong.append(f"leaves {unfinished(folder)}")


def judge_end(tally: Tally, end: End) -> None:
    """Count how a process ended that a signal was sent to: by it, done before it, or as the signal's own exit code."""
    tally.outcomes[ended(end)] += 1
    if end.code > 0 and end.code not in _AFTER_SIGNALS:
        tally.wrong.append(f"{ended(end)}: {end.errors[-400:]}")


def judge_target(bench: Bench, folder: Path, tally: Tally) -> None:
    """Under the target's name stands the old file or the new one, and never a third."""
    if bench.operation.target is None:
        return
    path = folder / bench.operation.target
    kept = path.exists() and path.read_bytes() == OLD
    whole = not kept and bench.operation.result(folder) == bench.wanted
    tally.outcomes[KEPT if kept else NEW if whole else ABSENT] += 1
    if not kept and not whole:
        tally.wrong.append("neither the old file nor the new one")


def difference(bench: Bench, folder: Path) -> str:
    """Which files differ from an unbroken run's, with what they are."""
    found = bench.operation.result(folder)
    names = sorted({*found, *bench.wanted})
    different = [name for name in names if found.get(name) != bench.wanted.get(name)]
    return "; ".join(f"{name}: {found.get(name)}, not {bench.wanted.get(name)}" for name in different)[:500]


def ended(end: End) -> str:
    if end.code < 0:
        return f"ended by {signal.Signals(-end.code).name}"
    words = {0: "done", 2: "refused", 130: "interrupted", 141: "pipe closed", 143: "terminated"}
    return words.get(end.code, f"exit code {end.code}")


@contextmanager
def target_folder(operation: Operation) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="faults"))
    put_old(operation, folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_old(operation: Operation, folder: Path) -> None:
    if operation.target:
        (folder / operation.target).write_bytes(OLD)
