"""Processes that are measured: whole commands by what the system accounts to them, and workers that live on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.setting import ROOT

_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""Left out of what whole commands inherit: what pip installed has its bytecode, and is not compiled at every start."""


class ContestantError(Exception):
    """A contestant that cannot run here; the text says why."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A command from start to exit. `evict`: files to be put out of the page cache before; `removes`: after."""

    name: str
    command: Sequence[str | Path]
    evict: Sequence[Path] = ()
    removes: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took: seconds by the clock, and bytes of memory at its peak."""

    seconds: float
    peak: int


def run_whole(contestant: Whole) -> Spent:
    """Run a command once.

    Raises:
        ContestantError: it failed.
    """
    os.sync()  # what earlier contestants left for the disk to write would slow down whoever waits for the disk
    for path in contestant.evict:
        _evict(path)
    line = [str(word) for word in contestant.command]
    environment = {name: value for name, value in os.environ.items() if name != _NO_BYTECODE}
    started = time.perf_counter()
    try:
        process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    except OSError as error:
        raise ContestantError(f"{line[0]}: {error.strerror}") from error
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ContestantError(_last_line(said))
    for path in contestant.removes:
        path.unlink(missing_ok=True)
    return Spent(seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


class Worker:
    """A task in a process of its own: prepared once, run on demand.

    Raises:
        ContestantError: it cannot be prepared, or a run failed.
    """

    def __init__(self, name: str, task: str, arguments: Mapping[str, Any]) -> None:
        self.name = name
        line = [sys.executable, "-m", "scripts.benchmarks.worker", task, json.dumps(arguments, default=str)]
        self._process = subprocess.Popen(
            line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.prepared = self._answer()

    def run(self) -> dict[str, Any]:
        """Run the task once: `seconds`, and what the task says of itself."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return self._answer()

    def end(self) -> dict[str, Any]:
        """Let the process go; `peak` is the most memory it had."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        answer = self._answer()
        self._process.stdout.close()
        self._process.wait()
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the process died"}
        if "error" in answer:
            self._process.kill()
            self._process.wait()
            raise ContestantError(str(answer["error"]))
        return answer


def once(task: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A task run once in a fresh process: what its preparation, its run and its end answered, in one.

    Raises:
        ContestantError: it failed.
    """
    worker = Worker(task, task, arguments)
    return {**worker.prepared, **worker.run(), **worker.end()}


def _evict(path: Path) -> None:
    """Put a file out of the page cache, where the system takes the advice."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "failed without a word"
