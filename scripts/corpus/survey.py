"""Reads and builds every prototxt below a folder: what was found, file by file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from converter.errors import ConversionError, UnsupportedLayerError
from converter.formats.prototxt.parser import read_prototxt
from converter.formats.prototxt.templates import open_names, template_values
from converter.formats.record import Record
from converter.formats.upgrade.upgrade import upgrade_net, upgrade_solver
from converter.layers.kit.unknown_types import operator_for
from converter.net.net import Layer, Net, Phase, Shape, build_net
from converter.plan.missing import MissingInput, missing_inputs
from converter.plan.plan import Plan, build_plan, inferred_shapes
from scripts.corpus.known import FAULTS, item_of, shapes_given

DEPLOY, TRAINING, OTHER = "deploy", "training", "other"
PHASES: tuple[Phase, ...] = ("train", "test")
GUESS = (1, 3, 224, 224)
"""What stands for sizes of images of unknown data sets; anything else has one number an item."""
PLACE = 64
"""What stands in a template's open places: a number of classes as well as a side that FlowNet halves six times."""
SIDES = (
    (224, 224),
    (227, 227),
    (360, 480),
    (321, 321),
    (256, 256),
    (512, 512),
    (160, 60),
    (144, 56),
    (40, 40),
    (28, 28),
)
"""Heights and widths of images that are tried in turn until a net builds: those of common data sets."""
LABELS = ("label", "gt", "target", "truth", "landmark")
"""What is in the names of first tops that are no images, as data layers of labels alone have them."""
DEPTHS = (3, 1, 6, 10, 4)
"""Channels likewise, beyond color with two of the sizes alone: gray, two images, five flows, color with a mask."""


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
        with template_values(_template_values(path)):
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


def _template_values(path: str) -> dict[str, int] | None:
    """A number for each place that a template leaves open; None where there is none."""
    return dict.fromkeys(open_names(Path(path).read_text(errors="replace")), PLACE) or None


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
    known = all(operator_for(layer) for found in sources.values() for layer in found)
    own = all(operator_for(layer) for layer in whole.layers if layer.type == "Python")
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


def _build(path: str, record: Record, whole: Net, phase: Phase, kind: str) -> Trial:
    """Build for a phase, with guesses for shapes that training nets leave to their data."""
    given: dict[str, Shape] = {}
    try:
        net = build_net(record, phase=phase)
        if kind != DEPLOY and all(operator_for(layer) or layer.type == "Python" for layer in net.layers):
            given = shapes_given(path, phase)
            plan, given = _build_guessing(net, given)
        else:
            plan = build_plan(net, given, allow_unknown=True)
    except ConversionError as error:
        types = tuple(error.types) if isinstance(error, UnsupportedLayerError) else ()
        return Trial(path, phase, kind, given, str(error), types)
    fields = {item.path for item in plan.leftovers} | {item.name for item in whole.unknown}
    return Trial(path, phase, kind, given, fields=tuple(sorted(fields)))


def _build_guessing(net: Net, stated: dict[str, Shape]) -> tuple[Plan, dict[str, Shape]]:
    """Build with the first of the guesses that fits; what the first one fails by is raised where none does."""
    if not missing_inputs(net, stated):
        return build_plan(net, stated, allow_unknown=True), stated
    first: ConversionError | None = None
    for depth, sides in (*((DEPTHS[0], sides) for sides in SIDES), *product(DEPTHS[1:], SIDES[:2])):
        given = stated | _guesses(net, stated, (GUESS[0], depth, *sides))
        try:
            return build_plan(net, given, allow_unknown=True), given
        except ConversionError as error:
            first = first or error
    assert first is not None
    raise first


def _guesses(net: Net, stated: dict[str, Shape], image: Shape) -> dict[str, Shape]:
    """Shapes for what is missing: first tops are images, others what a layer implies, else a number an item."""
    missing = missing_inputs(net, stated)
    images = {item.top: _guess(item, image) for item in missing if _is_image(item)}
    implied = inferred_shapes(net, stated | images)
    return images | {item.top: _guess(item, image) for item in missing if item.top not in images | implied}


def _is_image(item: MissingInput) -> bool:
    """Whether a top is its layer's first, and by its name no label."""
    return item.top == item.layer.tops[0] and not any(word in item.top.lower() for word in LABELS)


def _guess(item: MissingInput, image: Shape) -> Shape:
    """A shape for a top of a data layer: what is stated stays; a first top is an image, others one number an item."""
    partial, first = item.partial, _is_image(item)
    known = item_of(item.layer)
    if known and first:
        return (partial[0] if partial else 0) or image[0], *known
    if not partial:
        return image if first else image[:1]
    return tuple(size or image[axis] if axis < len(image) else 1 for axis, size in enumerate(partial))
