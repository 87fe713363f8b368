"""Reads and builds every prototxt below a folder: what was found, file by file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from converter.errors import ConversionError, UnsupportedLayerError
from converter.formats.prototxt.parser import read_prototxt
from converter.formats.record import Record
from converter.formats.upgrade.upgrade import upgrade_net, upgrade_solver
from converter.layers.layer import Operator, operator_type
from converter.layers.python import operator_of
from converter.net.net import Layer, Net, Phase, Shape, build_net
from converter.plan.missing import MissingInput, missing_inputs
from converter.plan.plan import build_plan
from scripts.corpus.known import FAULTS, item_of, shapes_given

DEPLOY, TRAINING, OTHER = "deploy", "training", "other"
PHASES: tuple[Phase, ...] = ("train", "test")
GUESS = (1, 3, 224, 224)
"""What stands for sizes of images of unknown data sets; anything else has one number an item."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One net in one phase: `kind` is deploy, training or other; `given` are the shapes that no file states.

    `error` is empty where it builds; `types` are those unknown, `fields` those that no layer read.
    """

    file: str
    phase: str
    kind: str
    given: Mapping[str, Shape] = field(default_factory=dict)
    error: str = ""
    types: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Survey:
    """Every file below a folder: paths are relative to it."""

    files: int = 0
    nets: list[str] = field(default_factory=list)
    solvers: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[Trial]:
        """The trials of a kind."""
        return [trial for trial in self.trials if trial.kind == kind]

    def built(self, kind: str) -> int:
        """How many of a kind build."""
        return sum(not trial.error for trial in self.of_kind(kind))

    def whole_nets(self) -> int:
        """Nets that build in every phase that was tried."""
        return len(set(self.nets) - {trial.file for trial in self.trials if trial.error})

    def faults(self, kind: str | None = None) -> dict[str, str]:
        """Files that do not read or build because of faults of their own, and those; of one kind of trials, or all."""
        failed = {trial.file for trial in self.trials if trial.error and kind in (None, trial.kind)}
        failed |= set(self.unread) if kind is None else set()
        return {path: FAULTS[path] for path in sorted(failed) if path in FAULTS}

    def types(self) -> Counter[str]:
        """Unknown types by the files that hold them."""
        return Counter(name for _, name in {(trial.file, name) for trial in self.trials for name in trial.types})

    def fields(self) -> Counter[str]:
        """Fields left over by the files that hold them."""
        return Counter(name for _, name in {(trial.file, name) for trial in self.trials for name in trial.fields})


def survey_folder(folder: Path) -> Survey:
    """Read and build each prototxt below a folder, all paths relative to it."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        found = Survey()
        for path in _prototxts():
            _survey_file(path, found)
        return found
    finally:
        os.chdir(here)


def _prototxts() -> list[str]:
    """Every text file of a net or solver below the current folder."""
    found = (Path(root) / name for root, _, names in os.walk(".") for name in names)
    return sorted(path.as_posix() for path in found if path.suffix in {".prototxt", ".pbtxt", ".pt"})


def _survey_file(path: str, found: Survey) -> None:
    found.files += 1
    try:
        record = upgrade_net(read_prototxt(path), [])
        whole = build_net(record, phase=None)
    except ConversionError as error:
        if _is_solver(path):
            found.solvers.append(path)
        else:
            found.unread[path] = str(error)
        return
    found.nets.append(path)
    found.trials += _trials(path, record, whole)


def _is_solver(path: str) -> bool:
    """Whether the file reads as a solver's settings."""
    try:
        upgrade_solver(read_prototxt(path, "SolverParameter"))
    except ConversionError:
        return False
    return True


def _trials(path: str, record: Record, whole: Net) -> Iterator[Trial]:
    """The phases of a net: test for nets that declare their inputs, those with a data layer for training nets."""
    types = {layer.type for layer in whole.layers}
    sources = {phase: found for phase in PHASES if (found := _sources(record, phase))}
    known = all(_operator(layer) for found in sources.values() for layer in found)
    own = all(_operator(layer) for layer in whole.layers if layer.type == "Python")
    if own and "Input" in types and "Python" not in types:
        yield _build(path, record, whole, "test", DEPLOY)
    elif own and sources and known:
        for phase in sources:
            yield _build(path, record, whole, phase, TRAINING)
    else:
        yield _build(path, record, whole, "train" if [*sources] == ["train"] else "test", OTHER)


def _sources(record: Record, phase: Phase) -> list[Layer]:
    """The layers that data of a phase come from: those without bottoms, other than learned ones."""
    try:
        layers = build_net(record, phase=phase).layers
    except ConversionError:
        return []
    return [layer for layer in layers if not layer.bottoms and layer.type != "Parameter"]


def _operator(layer: Layer) -> type[Operator] | None:
    """What computes a layer; None where nobody knows."""
    return operator_of(layer.params()) if layer.type == "Python" else operator_type(layer.type)


def _build(path: str, record: Record, whole: Net, phase: Phase, kind: str) -> Trial:
    """Build for a phase, with guesses for shapes that training nets leave to their data."""
    given: dict[str, Shape] = {}
    try:
        net = build_net(record, phase=phase)
        if kind == TRAINING and all(map(_operator, net.layers)):
            given = shapes_given(path, phase)
            given |= {item.top: _guess(item) for item in missing_inputs(net, given)}
        plan = build_plan(net, given, allow_unknown=True)
    except ConversionError as error:
        types = tuple(error.types) if isinstance(error, UnsupportedLayerError) else ()
        return Trial(path, phase, kind, given, str(error), types)
    fields = {item.path for item in plan.leftovers} | {item.name for item in whole.unknown}
    return Trial(path, phase, kind, given, fields=tuple(sorted(fields)))


def _guess(item: MissingInput) -> Shape:
    """A shape for a top of a data layer: what is stated stays; a first top is an image, others one number an item."""
    partial, first = item.partial, item.top == item.layer.tops[0]
    known = item_of(item.layer)
    if known and first:
        return (partial[0] if partial else 0) or GUESS[0], *known
    if not partial:
        return GUESS if first else GUESS[:1]
    return tuple(size or GUESS[axis] if axis < len(GUESS) else 1 for axis, size in enumerate(partial))
