"""The faults: what is done to a command, and what its folder may look like afterwards."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from scripts.faulting.child import End, finish, run_and_signal, run_whole, start
from scripts.faulting.operations import OLD, Operation, unfinished

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


def kill(bench: Bench, times: int, number: signal.Signals = signal.SIGKILL) -> Tally:
    """End it at random moments; run it again, which must give what an unbroken run gives."""
    tally = Tally(bench.operation.name, number.name)
    for _ in range(times):
        with _folder(bench.operation) as folder:
            moment = bench.draw.uniform(0, bench.seconds)
            end = run_and_signal(bench.go(folder), bench.log, moment, number)
            tally.outcomes[_ended(end)] += 1
            _look(bench, folder, tally)
            again = run_whole(bench.go(folder), bench.log)
            if again.code:
                tally.wrong.append(f"does not go on: {again.errors[-300:]}")
            elif bench.operation.result(folder) != bench.wanted:
                tally.wrong.append(f"goes on to another result: {_difference(bench, folder)}")
            elif unfinished(folder):
                tally.wrong.append(f"leaves {unfinished(folder)}")
    return tally


def no_room(bench: Bench, times: int) -> Tally:
    """No file may be longer than a random part of what is needed (RLIMIT_FSIZE)."""
    tally = Tally(bench.operation.name, "file too large")
    for _ in range(times):
        with _folder(bench.operation) as folder:
            limit = bench.draw.randrange(1, _largest(bench))

            def first(limit: int = limit) -> None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

            _refused(bench, folder, tally, run_whole(bench.go(folder), bench.log, first))
    return tally


def full_disk(bench: Bench) -> Tally:
    """A file system of 64 KiB, where one can be mounted."""
    tally = Tally(bench.operation.name, "disk full (tmpfs)")
    with _small_disk() as disk:
        if disk is None:
            tally.outcomes["not mounted"] += 1
            return tally
        _put_old(bench.operation, disk)
        _refused(bench, disk, tally, run_whole(bench.go(disk), bench.log))
    return tally


def read_only(bench: Bench) -> Tally:
    """A file system that may not be written, where one can be mounted."""
    tally = Tally(bench.operation.name, "read-only")
    with _small_disk() as disk:
        if disk is None:
            tally.outcomes["not mounted"] += 1
            return tally
        _put_old(bench.operation, disk)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        _refused(bench, disk, tally, run_whole(bench.go(disk), bench.log))
    return tally


def failing_disk(bench: Bench) -> Tally:
    """The disk says EIO when the file is to be on it, and when it is renamed or linked."""
    tally = Tally(bench.operation.name, "EIO")

    def fail(*_arguments: object, **_more: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for name in ("fsync", "link", "rename", "replace"):
        with _folder(bench.operation) as folder:

            def first(name: str = name) -> None:
                setattr(os, name, fail)

            _refused(bench, folder, tally, run_whole(bench.go(folder), bench.log, first))
    return tally


def two_at_once(bench: Bench, times: int) -> Tally:
    """Two of it into one folder: one result stands in the end, whole."""
    tally = Tally(bench.operation.name, "two at once")
    for _ in range(times):
        with _folder(bench.operation) as folder:
            logs = [bench.log.with_suffix(f".{at}") for at in range(2)]
            ends = [finish(number, log, 0.0) for number, log in [(start(bench.go(folder), log), log) for log in logs]]
            tally.outcomes[", ".join(sorted(_ended(end) for end in ends))] += 1
            if bench.operation.result(folder) != bench.wanted:
                tally.wrong.append("another result")
            if unfinished(folder):
                tally.wrong.append(f"leaves {unfinished(folder)}")
    return tally


def odd_target(bench: Bench, kind: str, put: Callable[[Path], object], wanted: str) -> Tally:
    """Something else stands under the target's name: a folder, a link, nothing on another disk, the source itself."""
    tally = Tally(bench.operation.name, kind)
    with _folder(bench.operation) as folder:
        target = folder / str(bench.operation.target)
        target.unlink()
        put(target)
        end = run_whole(bench.go(folder), bench.log)
        tally.outcomes[_ended(end)] += 1
        if _ended(end) != wanted or unfinished(folder):
            tally.wrong.append(f"{_ended(end)}: {end.errors[-300:]} {unfinished(folder)}")
        if wanted == "done" and bench.operation.result(folder) != bench.wanted:
            tally.wrong.append("another result")
    return tally


def closed_pipe(bench: Bench) -> Tally:
    """Nobody reads what it prints (`| head -1`)."""
    tally = Tally(bench.operation.name, "stdout closed")
    with _folder(bench.operation) as folder:

        def first() -> None:
            reading, writing = os.pipe()
            os.close(reading)
            os.dup2(writing, 1)

        end = run_whole(bench.go(folder), bench.log, first)
        tally.outcomes[_ended(end)] += 1
        if "Traceback" in end.errors or bench.operation.result(folder) != bench.wanted:
            tally.wrong.append(f"{_ended(end)}: {end.errors[-300:]}")
    return tally


def _refused(bench: Bench, folder: Path, tally: Tally, end: End) -> None:
    """Count an end that has to be a refusal in one line, or the whole result where the fault came to nothing."""
    tally.outcomes[_ended(end)] += 1
    if "Traceback" in end.errors or end.code not in (0, 2):
        tally.wrong.append(f"{_ended(end)}: {end.errors[-400:]}")
    if not end.code and bench.operation.result(folder) != bench.wanted:
        tally.wrong.append("says that it is done, and is not")
    _look(bench, folder, tally)
    if bench.operation.target and unfinished(folder):
        tally.wrong.append(f"leaves {unfinished(folder)}")


def _look(bench: Bench, folder: Path, tally: Tally) -> None:
    """Under the target's name stands the old file or the new one, and never a third."""
    if bench.operation.target is None:
        return
    path = folder / bench.operation.target
    kept = path.exists() and path.read_bytes() == OLD
    whole = not kept and bench.operation.result(folder) == bench.wanted
    tally.outcomes[KEPT if kept else NEW if whole else ABSENT] += 1
    if not kept and not whole:
        tally.wrong.append("neither the old file nor the new one")


def _difference(bench: Bench, folder: Path) -> str:
    """Which files differ from an unbroken run's, with what they are."""
    found = bench.operation.result(folder)
    names = sorted({*found, *bench.wanted})
    different = [name for name in names if found.get(name) != bench.wanted.get(name)]
    return "; ".join(f"{name}: {found.get(name)}, not {bench.wanted.get(name)}" for name in different)[:500]


def _ended(end: End) -> str:
    if end.code < 0:
        return f"ended by {signal.Signals(-end.code).name}"
    return {0: "done", 2: "refused", 130: "interrupted", 141: "pipe closed"}.get(end.code, f"exit code {end.code}")


def _largest(bench: Bench) -> int:
    """Bytes of the largest file that an unbroken run leaves."""
    with _folder(bench.operation) as folder:
        run_whole(bench.go(folder), bench.log)
        return max(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@contextmanager
def _folder(operation: Operation) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="faults"))
    _put_old(operation, folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_old(operation: Operation, folder: Path) -> None:
    if operation.target:
        (folder / operation.target).write_bytes(OLD)


@contextmanager
def _small_disk() -> Iterator[Path | None]:
    """A new file system of 64 KiB; None where none can be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="faults"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    mounted = shutil.which("mount") and not subprocess.run(mount, capture_output=True, check=False).returncode
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=False)
        folder.rmdir()
