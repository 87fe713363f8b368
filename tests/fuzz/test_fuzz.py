"""scripts/fuzz: what it found stays mended, it finds what it looks for, and a fixed round finds nothing."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from converter.errors import CaffemodelError
from scripts.fuzzing import session, watch, wire, words
from scripts.fuzzing.__main__ import FINDINGS, HEAD, row
from scripts.fuzzing.session import finding_name, make, run
from scripts.fuzzing.subjects import PACKAGES, Subject, subjects
from scripts.fuzzing.watch import feed

SUBJECTS = {subject.name: subject for subject in subjects()}
ROUND = 300
"""Inputs of each format in the fixed round: about a minute in all."""


def subject_of(path: Path) -> Subject:
    """The format that a finding is of: its name before the digest."""
    return SUBJECTS[path.name.rsplit("-", 1)[0]]


@pytest.mark.parametrize("path", sorted(FINDINGS.iterdir()), ids=lambda path: path.name)
def test_what_was_found_is_mended(path: Path):
    if package := PACKAGES.get(path.name.rsplit("-", 1)[0]):
        pytest.importorskip(package)
    assert path.name == finding_name(subject_of(path), path.read_bytes())
    outcome = feed(subject_of(path), str(path))
    assert outcome.faults == []


@pytest.mark.slow
def test_a_fixed_round_finds_nothing():
    """`pytest -s --slow` prints the counts."""
    print(f"\n{HEAD}")  # noqa: T201
    found = {}
    for subject in SUBJECTS.values():
        counts = run(subject, seed=8, seconds=0, most=ROUND)
        print(row(subject.name, counts))  # noqa: T201
        assert counts.inputs == ROUND
        assert counts.read + counts.refused + counts.differing <= ROUND
        found.update(dict.fromkeys(counts.findings, subject.name))
    assert found == {}


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_seeds_are_read_and_inputs_are_the_same_for_the_same_seed(subject: Subject, tmp_path: Path):
    path = tmp_path / f"seed{subject.suffix}"
    read = 0
    for data in subject.seeds()[:6]:
        path.write_bytes(data)
        outcome = feed(subject, str(path))
        assert outcome.faults == []
        read += bool(outcome.read)
    assert read
    first = [make(subject, 3, number) for number in range(8)]
    assert [make(subject, 3, number) for number in range(8)] == first or subject.name in MADE_BY_LIBRARY
    assert len(set(first)) > 4


MADE_BY_LIBRARY = ("hdf5", "rows", "solverstate-hdf5", "npz", "inputs", "pth", "archive")
"""Files with the time of their making in them."""


def crash(_path: str) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def hang(_path: str) -> None:
    time.sleep(600)


def spin(_path: str) -> None:
    begun = time.process_time()
    while time.process_time() - begun < 0.2:
        pass


def swell(_path: str) -> int:
    return int(np.ones(300 * 2**20, np.uint8)[-1])


def stumble(_path: str) -> None:
    raise IndexError("3")


def refuse(path: str) -> None:
    raise CaffemodelError("no", path=path)


def subject(**readers: Callable[[str], object]) -> Subject:
    return Subject("made", ".x", lambda: [b"abc"], lambda _draw, data, _others: data, dict(readers))


@pytest.mark.parametrize(
    ("read", "fault"),
    [
        (crash, "died of SIGSEGV"),
        (hang, "hangs"),
        (spin, "converter: took N s"),
        (swell, "converter: took N MiB"),
        (stumble, "converter: IndexError: N"),
    ],
)
def test_every_fault_is_seen_and_survived(read, fault, monkeypatch):
    monkeypatch.setattr(session, "_PATIENCE", 1 if read is hang else 5)
    monkeypatch.setattr(watch, "MOST_SECONDS", 0.1 if read is spin else 10)
    counts = run(subject(converter=read), seed=0, seconds=0, most=2)
    assert counts.findings == {fault: b"abc"}
    assert (counts.inputs, counts.read, counts.refused) == (2, 2 * (read in (spin, swell)), 0)


def test_two_programs_that_read_different_things_are_a_finding():
    same = run(subject(converter=lambda _: [1, 2], reference=lambda _: [1, 2]), 0, 0, 1)
    other = run(subject(converter=lambda _: [1, 2], reference=lambda _: [1, 3]), 0, 0, 1)
    one = run(subject(converter=lambda _: [1], reference=refuse), 0, 0, 1)
    assert same.findings == {}
    assert list(other.findings) == ["the programs read different things: N and N"]
    assert (one.findings, one.read, one.refused, one.differing) == ({}, 0, 0, 1)


def test_messages_are_taken_apart_and_put_together_again():
    seeds = SUBJECTS["caffemodel"].seeds()
    assert len(seeds) > 20
    for data in seeds:
        fields = wire.parse(data)
        assert fields
        assert b"".join(map(wire.serialize, fields)) == data
    for data in SUBJECTS["prototxt"].seeds():
        assert "".join(words.split(data)).encode("utf-8", "surrogateescape") == data


def test_damaged_messages_still_are_messages_most_of_the_time():
    seeds = SUBJECTS["caffemodel"].seeds()
    draw = Random(0)
    sound = [wire.parse(wire.change(draw, draw.choice(seeds), seeds)) is not None for _ in range(100)]
    assert sum(sound) > 60
