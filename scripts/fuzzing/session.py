"""Feeds a format's readers in a process of its own, so that a crash or a hang is seen, named and survived."""

from __future__ import annotations

import faulthandler
import multiprocessing
import multiprocessing.connection
import os
import signal
import tempfile
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random

from scripts.fuzzing.subjects import Subject
from scripts.fuzzing.watch import Outcome, feed

_PATIENCE = 60.0
"""Seconds without a word from the process until it counts as hanging: many times what a loaded machine needs."""

_FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""In memory where that can be: a busy disk lets a process wait for a minute."""


@dataclass(slots=True)
class Counts:
    """What became of a format's inputs; `findings` are files that led to a fault, by what it was."""

    inputs: int = 0
    read: int = 0
    refused: int = 0
    differing: int = 0
    seconds: float = 0.0
    findings: dict[str, bytes] = field(default_factory=dict)


def make(subject: Subject, seed: int, number: int) -> bytes:
    """Input `number` of a format, the same for the same seed."""
    draw = Random(f"{seed} {subject.name} {number}")
    seeds = subject.seeds()
    return subject.change(draw, draw.choice(seeds), seeds)


def run(subject: Subject, seed: int, seconds: float, most: int = 0) -> Counts:
    """Feed inputs for some seconds, or `most` of them where that is not 0."""
    counts, started, number = Counts(), time.monotonic(), 0
    while (counts.inputs < most) if most else (time.monotonic() - started < seconds):
        number = _batch(subject, seed, number, counts, started + seconds, most)
    counts.seconds = time.monotonic() - started
    return counts


def _batch(subject: Subject, seed: int, number: int, counts: Counts, until: float, most: int) -> int:
    """Feed inputs from `number` on in a new process until the time is up or it dies; the next number."""
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_work, args=(subject, seed, number, there, until, most), daemon=True)
    process.start()
    there.close()
    while True:
        try:
            found = here.recv() if here.poll(_PATIENCE) else None
        except EOFError:
            process.join()
            if process.exitcode == 0:
                return number
            _count(subject, seed, number, counts, Outcome(faults=[_death(process.exitcode or 0)]))
            return number + 1
        if found is None:
            os.kill(process.pid or 0, signal.SIGUSR1)  # it says on stderr where it is
            process.join(1)
            process.kill()
            process.join()
            _count(subject, seed, number, counts, Outcome(faults=["hangs"]))
            return number + 1
        _count(subject, seed, number, counts, found)
        number += 1


def _work(
    subject: Subject, seed: int, number: int, pipe: multiprocessing.connection.Connection, until: float, most: int
) -> None:
    """The process's side: one outcome after the other."""
    faulthandler.register(signal.SIGUSR1)
    with tempfile.TemporaryDirectory(prefix="fuzz", dir=_FOLDER) as folder:
        path = Path(folder) / f"input{subject.suffix}"
        while (number < most) if most else (time.monotonic() < until):
            path.write_bytes(make(subject, seed, number))
            pipe.send(feed(subject, str(path)))
            number += 1


def _count(subject: Subject, seed: int, number: int, counts: Counts, outcome: Outcome) -> None:
    counts.inputs += 1
    counts.read += bool(outcome.read) and not outcome.refused
    counts.refused += bool(outcome.refused) and not outcome.read
    counts.differing += outcome.differing
    for fault in outcome.faults:
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
