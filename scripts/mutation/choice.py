"""The tests that a mutant is tried on: the room's, as far as they call its function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.mutation.mutants import Mutant

Record = Mapping[str, Any]
"""What `tracing.Recorder` wrote."""


def chosen(mutant: Mutant, record: Record) -> list[str]:
    """Names of the passing tests that could notice a mutant, quick files first.

    A change outside functions may show anywhere, so every test is named, those that call into the module first.
    """
    shared = record["shared"]
    near: list[str] = []
    far: list[str] = []
    for name, test in record["tests"].items():
        if not test["passed"]:
            continue
        calls = {*test["calls"].get(mutant.file, ()), *shared.get(_file(name), {}).get(mutant.file, ())}
        if mutant.function in calls or (mutant.function is None and calls):
            near.append(name)
        elif test["spawns"] or mutant.function is None:
            far.append(name)
    return [*_quick_first(near, record), *_quick_first(far, record)]


def seconds(names: list[str], record: Record) -> float:
    """How long these tests took, unchanged."""
    return float(sum(record["tests"][name]["seconds"] for name in names))


def _quick_first(names: list[str], record: Record) -> list[str]:
    """Tests of one file stay together, so that what they share is made once."""
    total: dict[str, float] = {}
    for name in names:
        total[_file(name)] = total.get(_file(name), 0.0) + record["tests"][name]["seconds"]
    return sorted(names, key=lambda name: (total[_file(name)], _file(name)))


def _file(name: str) -> str:
    return name.partition("::")[0]
