"""Feeds a format's readers in a process of its own, so that a crash or a hang is seen, named and survived."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import resource
import signal
import tempfile
import time
from collections.abc import Callable, MutableSequence
from dataclasses import dataclass, field
from hashlib import sha256
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from random import Random

from scripts.fuzzing.subjects import Subject
from scripts.fuzzing.watch import feed

_PATIENCE = 60.0
"""Seconds without a word from the process until it counts as hanging: many times what a loaded machine needs."""

_POLL = 1.0
"""Seconds between two looks at the process."""

_FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""In memory where that can be: a busy disk lets a process wait for a minute."""


@dataclass(slots=True)
class Counts:
    """What became of a format's inputs in so many processor seconds; `findings`: files that led to a fault, by what."""

    inputs: int = 0
    read: int = 0
    refused: int = 0
    differing: int = 0
    seconds: float = 0.0
    findings: dict[str, bytes] = field(default_factory=dict)


_TALLY = ("inputs", "read", "refused", "differing")
"""What both processes count in memory that they share."""


def make(subject: Subject, seed: int, number: int) -> bytes:
    """Input `number` of a format, the same for the same seed."""
    draw = Random(f"{seed} {subject.name} {number}")
    seeds = subject.seeds()
    return subject.change(draw, draw.choice(seeds), seeds)


def run(subject: Subject, seed: int, seconds: float, most: int = 0) -> Counts:
    """Feed inputs for some seconds, or `most` of them where that is not 0."""
    counts, started, number, spent = Counts(), time.monotonic(), 0, _processor_seconds()
    while (counts.inputs < most) if most else (time.monotonic() - started < seconds):
        number = _batch(subject, seed, number, counts, started + seconds, most)
    counts.seconds = _processor_seconds() - spent
    return counts


def _processor_seconds() -> float:
    """What the processes that have ended had of processors."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _batch(subject: Subject, seed: int, number: int, counts: Counts, until: float, most: int) -> int:
    """Feed inputs from `number` on in a new process until the time is up or it dies; the next number."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    tally = context.RawArray("q", len(_TALLY))
    process = context.Process(target=_work, args=(subject, seed, number, there, tally, until, most), daemon=True)
    process.start()
    there.close()
    end = _watch(here, tally, process, lambda place, faults: _keep(subject, seed, number + place, counts, faults))
    for name, value in zip(_TALLY, tally, strict=True):
        setattr(counts, name, getattr(counts, name) + value)
    if end:
        counts.inputs += 1
        _keep(subject, seed, number + tally[0], counts, [end])
    return number + tally[0] + bool(end)


def _watch(
    pipe: Connection, tally: MutableSequence[int], process: BaseProcess, keep: Callable[[int, list[str]], None]
) -> str:
    """Hear the process's faults until it ends; what ended it, empty where its time was up."""
    last, silent, polled = -1, 0.0, time.monotonic()
    while True:
        try:
            if pipe.poll(min(_PATIENCE, _POLL)):
                keep(*pipe.recv())
        except EOFError:
            process.join()
            return _death(process.exitcode) if process.exitcode else ""
        now = time.monotonic()
        silent += min(now - polled, 2 * _POLL)  # a longer gap is one in which both were suspended
        polled = now
        if tally[0] != last:
            last, silent = tally[0], 0.0
        elif silent > _PATIENCE:
            os.kill(process.pid or 0, signal.SIGUSR1)  # it says on stderr where it is
            process.join(1)
            process.kill()
            process.join()
            return "hangs"


def _work(
    subject: Subject, seed: int, number: int, pipe: Connection, tally: MutableSequence[int], until: float, most: int
) -> None:
    """The process's side: counts where both see them, so that they outlive a crash, and faults as they come."""
    faulthandler.register(signal.SIGUSR1)
    with tempfile.TemporaryDirectory(prefix="fuzz", dir=_FOLDER) as folder:
        path = os.path.join(folder, f"input{subject.suffix}")  # noqa: PTH118 - many times a millisecond
        while (number < most) if most else (time.monotonic() < until):
            with open(path, "wb") as file:  # noqa: PTH123
                file.write(make(subject, seed, number))
            outcome = feed(subject, path)
            if outcome.faults:
                pipe.send((tally[0], outcome.faults))
            tally[1] += bool(outcome.read) and not outcome.refused
            tally[2] += bool(outcome.refused) and not outcome.read
            tally[3] += outcome.differing
            tally[0] += 1
            number += 1


def _keep(subject: Subject, seed: int, number: int, counts: Counts, faults: list[str]) -> None:
    for fault in faults:
        counts.findings.setdefault(_kind(fault), make(subject, seed, number))


def _kind(fault: str) -> str:
    """A fault without the numbers and names that differ from file to file."""
    words = ["N" if any(letter.isdigit() for letter in word) else word for word in fault.split()]
    return " ".join(words[:14])


def _death(code: int) -> str:
    return f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def finding_name(subject: Subject, data: bytes) -> str:
    """The name of a finding's file."""
    return f"{subject.name}-{sha256(data).hexdigest()[:8]}{subject.suffix}"
