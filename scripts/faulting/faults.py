"""Faults of processes and names: signals, two writers, odd targets, nobody who reads."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from scripts.faulting.child import finish, run_and_signal, run_whole, start
from scripts.faulting.judging import Bench, Tally, difference, ended, judge_end, judge_target, target_folder
from scripts.faulting.operations import unfinished

_DRAWS = 5
"""Moments drawn at most for each signal that is to come in time."""


def kill(bench: Bench, times: int, number: signal.Signals = signal.SIGKILL) -> Tally:
    """End it `times` at random moments; run it again, which must give what an unbroken run gives.

    A moment at which it was done already counts as `done`, and another one is drawn for it.
    """
    tally = Tally(bench.operation.name, number.name)
    in_time = 0
    for _ in range(_DRAWS * times):
        with target_folder(bench.operation) as folder:
            moment = bench.draw.uniform(0, bench.seconds)
            end = run_and_signal(bench.go(folder), bench.log, moment, number)
            in_time += end.code != 0
            judge_end(tally, end)
            judge_target(bench, folder, tally)
            _go_on(bench, folder, tally)
        if in_time == times:
            break
    return tally


def _go_on(bench: Bench, folder: Path, tally: Tally) -> None:
    """Run what was broken off again: it ends as if it had not been."""
    again = run_whole(bench.go(folder), bench.log)
    if again.code:
        tally.wrong.append(f"does not go on: {again.errors[-300:]}")
    elif bench.operation.result(folder) != bench.wanted:
        tally.wrong.append(f"goes on to another result: {difference(bench, folder)}")
    elif unfinished(folder):
        tally.wrong.append(f"leaves {unfinished(folder)}")


def two_at_once(bench: Bench, times: int) -> Tally:
    """Two of it into one folder: one result stands in the end, whole."""
    tally = Tally(bench.operation.name, "two at once")
    for _ in range(times):
        with target_folder(bench.operation) as folder:
            logs = [bench.log.with_suffix(f".{at}") for at in range(2)]
            ends = [finish(number, log, 0.0) for number, log in [(start(bench.go(folder), log), log) for log in logs]]
            tally.outcomes[", ".join(sorted(ended(end) for end in ends))] += 1
            if bench.operation.result(folder) != bench.wanted:
                tally.wrong.append("another result")
            if unfinished(folder):
                tally.wrong.append(f"leaves {unfinished(folder)}")
    return tally


def odd_target(bench: Bench, kind: str, put: Callable[[Path], object], wanted: str) -> Tally:
    """Something else stands under the target's name: a folder, a link, nothing on another disk, the source itself."""
    tally = Tally(bench.operation.name, kind)
    with target_folder(bench.operation) as folder:
        target = folder / str(bench.operation.target)
        target.unlink()
        put(target)
        end = run_whole(bench.go(folder), bench.log)
        tally.outcomes[ended(end)] += 1
        if ended(end) != wanted or unfinished(folder):
            tally.wrong.append(f"{ended(end)}: {end.errors[-300:]} {unfinished(folder)}")
        if wanted == "done" and bench.operation.result(folder) != bench.wanted:
            tally.wrong.append("another result")
    return tally


def closed_pipe(bench: Bench) -> Tally:
    """Nobody reads what it prints (`| head -1`)."""
    tally = Tally(bench.operation.name, "stdout closed")
    with target_folder(bench.operation) as folder:

        def first() -> None:
            reading, writing = os.pipe()
            os.close(reading)
            os.dup2(writing, 1)

        end = run_whole(bench.go(folder), bench.log, first)
        tally.outcomes[ended(end)] += 1
        if "Traceback" in end.errors or bench.operation.result(folder) != bench.wanted:
            tally.wrong.append(f"{ended(end)}: {end.errors[-300:]}")
    return tally
