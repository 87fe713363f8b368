"""One file through one format's readers: what each did, how long it took, how much memory it had."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.fuzzing.readers import REFUSALS
from scripts.fuzzing.subjects import Subject

MOST_SECONDS = 2.0
MOST_BYTES = 200 * 2**20
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
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
        before, started = _memory(reset=True)["VmRSS"], time.process_time()
        value = _read(outcome, program, read, path)
        seconds, grown = time.process_time() - started, _memory()["VmHWM"] - before
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


def _memory(*, reset: bool = False) -> dict[str, int]:
    """Bytes that the process has, and has had at most since the last reset; zeros where the system does not say."""
    found = {"VmRSS": 0, "VmHWM": 0}
    try:
        if reset:
            _CLEAR.write_text("5")
        for line in _STATUS.read_text().splitlines():
            name, _, value = line.partition(":")
            if name in found:
                found[name] = int(value.split()[0]) * 1024
    except (OSError, ValueError):
        return {"VmRSS": 0, "VmHWM": 0}
    return found
