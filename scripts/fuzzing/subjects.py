"""What is fed with files: for each format its seeds, how they are changed, and the readers of both programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

from scripts.fuzzing import archives, hdf5, pages, readers, samples, wire, words
from scripts.fuzzing.damage import damage

GOLDENS = Path(__file__).resolve().parents[2] / "tests" / "goldens"
_LARGEST_SEED = 40_000
PACKAGES = {"lmdb": "lmdb", "leveldb": "plyvel"}
"""Formats that are fed only where a package is installed that writes their seeds."""

Change = Callable[[Random, bytes, list[bytes]], bytes]


@dataclass(frozen=True, slots=True)
class Subject:
    """A format.

    Attributes:
        name: what it is called on the command line and in the names of findings.
        suffix: ending of its files.
        seeds: sound files.
        change: makes another file of one.
        readers: by program, what reads a file into something to compare; None where there is nothing to.
    """

    name: str
    suffix: str
    seeds: Callable[[], list[bytes]]
    change: Change
    readers: dict[str, Callable[[str], Any]]


def _goldens(*patterns: str) -> Callable[[], list[bytes]]:
    """Goldens whose names match, the small ones."""

    @cache
    def found() -> tuple[bytes, ...]:
        paths = sorted(path for pattern in patterns for path in GOLDENS.rglob(pattern))
        return tuple(path.read_bytes() for path in paths if path.stat().st_size <= _LARGEST_SEED)

    return lambda: list(found())


def subjects() -> Iterator[Subject]:
    """Every format that either program reads."""
    net, model = _goldens("*.prototxt"), _goldens("*.caffemodel")
    yield Subject("prototxt", ".prototxt", net, words.change, readers.PROTOTXT)
    yield Subject("solver", ".prototxt", samples.solvers, words.change, readers.SOLVER)
    yield Subject("caffemodel", ".caffemodel", model, wire.change, readers.WEIGHTS)
    yield Subject("hdf5", ".h5", _goldens("*.h5"), hdf5.change, readers.WEIGHTS)
    yield Subject("safetensors", ".safetensors", samples.safetensors, archives.change_safetensors, readers.WEIGHTS)
    yield Subject("npz", ".npz", samples.npz, archives.change_zip, readers.WEIGHTS)
    yield Subject("pth", ".pth", samples.pth, archives.change_zip, readers.PTH)
    yield Subject("mean", ".binaryproto", samples.means, wire.change, readers.MEAN)
    yield Subject("npy", ".npy", samples.npy, damage, readers.NPY)
    yield Subject("solverstate", ".solverstate", _goldens("*.solverstate"), wire.change, readers.STATE)
    yield Subject("solverstate-hdf5", ".solverstate.h5", _goldens("*.solverstate.h5"), hdf5.change, readers.STATE)
    yield Subject("inputs", ".npz", samples.npz, archives.change_zip, readers.INPUTS)
    yield Subject("image", ".png", samples.images, damage, readers.IMAGE)
    yield Subject("datum", ".datum", samples.datums, wire.change, readers.DATUM)
    if find_spec(PACKAGES["lmdb"]):
        yield Subject("lmdb", ".mdb", samples.databases, pages.change, readers.LMDB)
    if find_spec(PACKAGES["leveldb"]):
        yield Subject("leveldb", ".ldb", samples.tables, damage, readers.LEVELDB)
    yield Subject("list", ".txt", samples.lists, words.change, readers.LISTS)
    yield Subject("rows", ".h5", samples.rows, hdf5.change, readers.ROWS)
    yield Subject("classes", ".txt", samples.classes, words.change, readers.CLASSES)
    yield Subject("settings", ".json", samples.settings, words.change, readers.SETTINGS)
    yield Subject("archive", ".zip", samples.archives, archives.change_zip, readers.ARCHIVE)
