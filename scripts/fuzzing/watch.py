"""One file through one format's readers: what each did, how long it took, how much memory it had."""

from __future__ import annotations

import os
import resource
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.fuzzing.readers import REFUSALS
from scripts.fuzzing.subjects import Subject

MOST_SECONDS = 2.0
MOST_BYTES = 200 * 2**20
_OLD_PEAK = 16 * 2**20
"""A past peak that may count as a reader's own: clearing it costs more than most readers do."""

_RESIDENT, _CLEAR = Path("/proc/self/statm"), Path("/proc/self/clear_refs")
_PAGE = os.sysconf("SC_PAGESIZE")
_NOTHING = object()


@dataclass(slots=True)
class Outcome:
    """What one file led to; `faults` are what no file may lead to."""

    read: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    differing: bool = False
    faults: list[str] = field(default_factory=list)


def feed(subject: Subject, path: str) -> Outcome:
    """Read the file at `path` with every reader of the format, and compare what they read."""
    outcome = Outcome()
    values: list[Any] = []
    for program, read in subject.readers.items():
        before, started = _resident_bytes(), time.process_time()
        value = _read(outcome, program, read, path)
        seconds, grown = time.process_time() - started, _peak_bytes() - before
        if value is not _NOTHING:
            values.append(value)
        if seconds > MOST_SECONDS:
            outcome.faults.append(f"{program}: took {seconds:.1f} s")
        if grown > MOST_BYTES:
            outcome.faults.append(f"{program}: took {grown >> 20} MiB")
    if len(values) == 2 and values[0] is not None and values[0] != values[1]:
        outcome.faults.append(f"the programs read different things: {_difference(*values)}")
    outcome.differing = bool(outcome.read and outcome.refused)
    return outcome


def _read(outcome: Outcome, program: str, read: Any, path: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = read(path)
        except REFUSALS as error:
            outcome.refused[program] = str(error)
            return _NOTHING
        except Exception as error:  # noqa: BLE001 - the very thing that is looked for
            outcome.faults.append(f"{program}: {type(error).__name__}: {error}"[:300])
            return _NOTHING
    outcome.read.append(program)
    return value


def _difference(first: Any, second: Any) -> str:
    """Where two values begin to differ, shortly."""
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return next(f"{str(a)[:150]} and {str(b)[:150]}" for a, b in zip(first, second, strict=True) if a != b)
    if isinstance(first, dict) and isinstance(second, dict) and set(first) == set(second):
        return next(f"{key}: {str(first[key])[:150]} and {str(second[key])[:150]}" for key in first
                    if first[key] != second[key])  # fmt: skip
    return f"{str(first)[:150]} and {str(second)[:150]}"


def _resident_bytes() -> int:
    """Memory that the process has now; the peak is set back to it where it lies far above."""
    try:
        with _RESIDENT.open("rb", buffering=0) as file:
            resident = int(file.read().split()[1]) * _PAGE
        if _peak_bytes() - resident > _OLD_PEAK:
            _CLEAR.write_text("5")
    except OSError:  # a system without /proc: what the process had at most so far counts as what it has
        return _peak_bytes()
    return resident


def _peak_bytes() -> int:
    """The most memory that the process had since its peak was last set back."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
