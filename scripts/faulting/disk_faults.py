"""Faults of the disk: no room, read-only, EIO, another device."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from scripts.faulting.child import run_whole
from scripts.faulting.disks import bound, failing_disk, other_device, small_disk
from scripts.faulting.judging import KEPT, Bench, Tally, ended, judge_refusal, judge_target, put_old, target_folder
from scripts.faulting.operations import unfinished


def no_room(bench: Bench, times: int) -> Tally:
    """No file may be longer than a random part of what is needed (RLIMIT_FSIZE)."""
    tally = Tally(bench.operation.name, "file too large")
    for _ in range(times):
        with target_folder(bench.operation) as folder:
            limit = bench.draw.randrange(1, _largest(bench))

            def first(limit: int = limit) -> None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

            judge_refusal(bench, folder, tally, run_whole(bench.go(folder), bench.log, first))
    return tally


def full_disk(bench: Bench) -> Tally:
    """A file system of 64 KiB, where one can be mounted."""
    with small_disk() as disk:
        return _refused_on(bench, "disk full (tmpfs)", disk)


def read_only(bench: Bench) -> Tally:
    """A file system that may not be written, where one can be mounted."""
    with small_disk() as disk:
        remount = ["mount", "-o", "remount,ro", str(disk)]
        return _refused_on(bench, "read-only", disk, lambda: subprocess.run(remount, check=True))


def failing_writes(bench: Bench) -> Tally:
    """A disk that the kernel cannot write (EIO), where one can be mounted.

    What is not flushed to the disk before it gets its name may be done: the kernel has it, and has not tried.
    """
    with failing_disk() as disk:
        if disk is None:
            return _refused_on(bench, "writing fails (EIO)", None)
        return _refused_on(bench, "writing fails (EIO)", disk.folder, disk.fail_writes)


def _refused_on(bench: Bench, fault: str, folder: Path | None, spoil: Callable[[], object] = lambda: None) -> Tally:
    """What an operation does into a folder of a disk once that is spoiled; `folder` None: none could be mounted."""
    tally = Tally(bench.operation.name, fault)
    if folder is None:
        tally.outcomes["not mounted"] += 1
        return tally
    put_old(bench.operation, folder)
    spoil()
    judge_refusal(bench, folder, tally, run_whole(bench.go(folder), bench.log))
    return tally


def failing_reads(bench: Bench, source: Path) -> Tally:
    """A disk that the kernel cannot read half of the source from (EIO), where one can be mounted.

    Where a file is mapped, the kernel has no other way to say so than SIGBUS.
    """
    tally = Tally(bench.operation.name, "reading fails (EIO)")
    with failing_disk() as disk, target_folder(bench.operation) as folder:
        if disk is None:
            tally.outcomes["not mounted"] += 1
            return tally
        copy = Path(shutil.copy(source, disk.folder))
        disk.fail_reads(copy)
        with bound(copy, source):
            end = run_whole(bench.go(folder), bench.log)
        if end.code == -signal.SIGBUS:
            tally.outcomes[ended(end)] += 1
            judge_target(bench, folder, tally)
        else:
            judge_refusal(bench, folder, tally, end)
        if KEPT not in tally.outcomes:
            tally.wrong.append("half a source became a file")
    return tally


def failing_calls(bench: Bench) -> Tally:
    """The system calls that flush, link and rename say EIO, one after the other."""
    tally = Tally(bench.operation.name, "a call fails (EIO)")

    def fail(*_arguments: object, **_more: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for name in ("fsync", "link", "rename", "replace"):
        with target_folder(bench.operation) as folder:

            def first(name: str = name) -> None:
                setattr(os, name, fail)

            judge_refusal(bench, folder, tally, run_whole(bench.go(folder), bench.log, first))
    return tally


def another_device(bench: Bench, material: Path) -> Tally:
    """It writes to another file system than the one it reads."""
    tally = Tally(bench.operation.name, "another device")
    folder = other_device(material)
    if folder is None:
        tally.outcomes["no other device"] += 1
        return tally
    try:
        put_old(bench.operation, folder)
        end = run_whole(bench.go(folder), bench.log)
        tally.outcomes[ended(end)] += 1
        if end.code or bench.operation.result(folder) != bench.wanted or unfinished(folder):
            tally.wrong.append(f"{ended(end)}: {end.errors[-300:]} {unfinished(folder)}")
    finally:
        shutil.rmtree(folder)
    return tally


def _largest(bench: Bench) -> int:
    """Bytes of the largest file that an unbroken run leaves."""
    with target_folder(bench.operation) as folder:
        run_whole(bench.go(folder), bench.log)
        return max(path.stat().st_size for path in folder.rglob("*") if path.is_file())
