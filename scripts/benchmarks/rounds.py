"""Rounds: every contestant in turn, again and again, so that a drift of the machine meets all alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.benchmarks.processes import ContestantError, Spent, Whole, Worker, once, run_whole
from scripts.benchmarks.rows import Row
from scripts.benchmarks.setting import Setting

Task = tuple[str, str, Mapping[str, Any]]
"""A contestant's name, its task (module:function), and the task's arguments."""


def wholes(setting: Setting, group: str, contestants: Sequence[Whole]) -> list[Row]:
    """Whole commands, after one uncounted round."""
    rows = [Row(group, contestant.name) for contestant in contestants]
    failed: set[str] = set()
    for number in range(setting.rounds + 1):
        for row, contestant in zip(rows, contestants, strict=True):
            if row.name in failed:
                continue
            setting.say(f"{group}: round {number} of {setting.rounds}: {row.name}")
            try:
                spent = run_whole(contestant)
            except ContestantError as error:
                failed.add(row.name)
                row.facts["not measured"] = str(error)
                continue
            if number:
                _take(row, spent)
    return rows


def _take(row: Row, spent: Spent) -> None:
    row.values.append(spent.seconds)
    row.peak = max(row.peak or 0, spent.peak)


def fresh(setting: Setting, group: str, tasks: Sequence[Task]) -> list[Row]:
    """Tasks that each run once in a fresh process a round; `peak` is what the run added to the memory."""
    rows = [Row(group, name) for name, _, _ in tasks]
    for number in range(setting.rounds + 1):
        for row, (name, task, arguments) in zip(rows, tasks, strict=True):
            if "not measured" in row.facts:
                continue
            setting.say(f"{group}: round {number} of {setting.rounds}: {name}")
            try:
                answer = once(task, arguments)
            except ContestantError as error:
                row.facts["not measured"] = str(error)
                continue
            if number:
                _take(row, Spent(answer["seconds"], answer["memory"]))
    return rows


def lasting(setting: Setting, group: str, tasks: Sequence[Task]) -> list[Row]:
    """Tasks in workers that live through all rounds; the first run of each warms up and does not count."""
    rows = [Row(group, name) for name, _, _ in tasks]
    workers: dict[str, Worker] = {}
    for row, (name, task, arguments) in zip(rows, tasks, strict=True):
        setting.say(f"{group}: {name} is made ready")
        _try(row, workers, lambda n=name, t=task, a=arguments: workers.update({n: Worker(n, t, a)}))
        if name in workers:
            _try(row, workers, workers[name].run)
    for number in range(setting.rounds):
        for row in rows:
            if row.name in workers:
                setting.say(f"{group}: round {number + 1} of {setting.rounds}: {row.name}")
                answer = _try(row, workers, workers[row.name].run)
                if answer:
                    row.values.append(answer["seconds"])
                    row.facts.update(answer.get("facts", {}))
    for row in rows:
        if row.name in workers:
            answer = _try(row, workers, workers[row.name].end)
            row.peak = answer["peak"] if answer else None
    return rows


def _try(row: Row, workers: dict[str, Worker], what: Any) -> Any:
    """Do something; a contestant that fails leaves the field, and its row says why."""
    try:
        return what()
    except (ContestantError, BrokenPipeError) as error:
        workers.pop(row.name, None)
        row.values.clear()
        row.facts["not measured"] = str(error)
        return None
