"""A net as it will run: layers of one phase in order, every bottom bound to the blob that is current at its place.

Source: src/caffe/net.cpp (filtering, wiring). A layer whose top has its bottom's name works in place: layers before it
saw the earlier value, layers after it see the later one. Caffe's Split layers change no value, so none are inserted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reference import registry
from reference.alignment import with_crop_offsets
from reference.automatic import with_own_tops
from reference.errors import NetError
from reference.layer import Layer
from reference.params import Params
from reference.schema import LAYER, PASSED_OVER
from reference.tables import DATA_MESSAGES
from reference.templates import fill_in
from reference.text import Message, parse_text, read_text
from reference.upgrade import upgraded_layers

_KNOWN_NAMES = LAYER.keys() | DATA_MESSAGES


@dataclass(frozen=True, slots=True)
class Net:
    """Layers in running order; `blobs` in the order of their first writers; `outputs`, never read, sorted by name."""

    name: str
    path: str
    layers: tuple[Layer, ...]
    blobs: tuple[str, ...]
    outputs: tuple[str, ...]
    inputs: tuple[str, ...]
    dilation_fork: bool = False
    left_out: frozenset[str] = frozenset()  # names of layers that no wanted blob needs; weights may hold them


@dataclass(frozen=True, slots=True)
class _State:
    phase: str
    level: int
    stages: frozenset[str]

    def meets(self, rule: Params) -> bool:
        stages, barred = set(rule.texts("stage")), set(rule.texts("not_stage"))
        return (
            (not rule.has("phase") or rule.choice("phase").lower() == self.phase)
            and (not rule.has("min_level") or self.level >= rule.integer("min_level"))
            and (not rule.has("max_level") or self.level <= rule.integer("max_level"))
            and stages <= self.stages
            and not barred & self.stages
        )

    def keeps(self, layer: Layer) -> bool:
        view = Params("layer", [layer.message], layer.where, layer.path)
        include, exclude = view.each("include", "rule"), view.each("exclude", "rule")
        if include and exclude:
            raise layer.error("has include rules and exclude rules; Caffe takes one kind")
        return any(map(self.meets, include)) if include else not any(map(self.meets, exclude))


def _layer(message: Message, path: str, phase: str) -> Layer:
    return Layer(
        name=message.word("name"),
        type=message.word("type"),
        bottoms=tuple(message.words("bottom")),
        tops=tuple(message.words("top")),
        message=message,
        path=path,
        phase=phase,
    )


def _leading_to(wanted: list[str], layers: tuple[Layer, ...], path: str) -> tuple[Layer, ...]:
    """The layers, from the last to the first, that write what is wanted or what such a layer reads; all, if nothing is.

    A blob that a layer writes anew (not in place) is not wanted of the layers before it.
    """
    if not wanted:
        return layers
    written = {top for layer in layers for top in layer.tops}
    if missing := [name for name in wanted if name not in written]:
        raise NetError(f"no layer writes the blob {missing[0]!r} that the net is to end at", path=path)
    open_names, chosen = set(wanted), []
    for layer in reversed(layers):
        if open_names.intersection(layer.tops):
            open_names.difference_update(layer.tops)
            open_names.update(layer.bottoms)
            chosen.append(layer)
    return tuple(reversed(chosen))


def _check_types(layers: Iterable[Layer], path: str) -> None:
    missing = sorted({layer.type for layer in layers if registry.of(layer) is None})
    if missing:
        what = f"layer types unknown to the oracle: {', '.join(missing)}; a type is a file in reference/layers"
        raise NetError(what, path=path)


def _check_fields(layer: Layer) -> None:
    """Refuse fields that the table lacks; BVLC's message of another layer's type is one that Caffe passes over."""
    operator = registry.of(layer)
    if operator is None or operator.is_input:
        return
    for entry in layer.message.entries:
        own = isinstance(entry.value, Message) and entry.name in operator.messages
        strange = [] if own or entry.name in _KNOWN_NAMES or entry.name in PASSED_OVER else [entry]
        if own:
            strange = layer.params(entry.name).unknown()
        if strange:
            what = f"{layer.where}: field {strange[0].name!r} is unknown, and so is its effect; correct it or allow it"
            raise NetError(what, path=layer.path, line=strange[0].line, layer=layer.name)


def _wire(layers: tuple[Layer, ...]) -> tuple[list[str], set[str]]:
    blobs: dict[str, None] = {}
    unread: set[str] = set()
    for layer in layers:
        for bottom in layer.bottoms:
            if bottom not in blobs:
                raise _net_error(layer, f"bottom {bottom!r} is written by no earlier layer")
            unread.discard(bottom)
        flags = len(layer.message.named("propagate_down"))
        if flags not in (0, len(layer.bottoms)):
            raise _net_error(layer, f"has {flags} propagate_down; expected none, or one a bottom")
        operator = registry.find(layer.type)
        if operator is not None and operator.not_in_place and not set(layer.tops).isdisjoint(layer.bottoms):
            raise _net_error(layer, "works in place, which Caffe forbids this type; name its top otherwise")
        for index, top in enumerate(layer.tops):
            in_place = index < len(layer.bottoms) and layer.bottoms[index] == top
            if top in blobs and not in_place:
                raise _net_error(layer, f"top {top!r} is written already, and not in place")
            blobs[top] = None
            unread.add(top)
    return list(blobs), unread


def _check_rates(layers: Iterable[Layer]) -> None:
    """Refuse layers that share a parameter and state different rates for it (src/caffe/net.cpp, AppendParam)."""
    stated: dict[tuple[str, str], float] = {}
    for layer in layers:
        for spec in Params("layer", [layer.message], layer.where, layer.path).each("param", "param"):
            for rate in ("lr_mult", "decay_mult"):
                name = spec.text("name")
                if name and spec.has(rate) and stated.setdefault((name, rate), spec.real(rate)) != spec.real(rate):
                    raise _net_error(layer, f"shares param {name!r} with a layer of another {rate}; expected one")


def _net_error(layer: Layer, what: str) -> NetError:
    return NetError(f"{layer.where}: {what}", path=layer.path, line=layer.message.line, layer=layer.name)


def build_net(
    text: Message,
    path: str,
    *,
    phase: str = "test",
    level: int = 0,
    stages: Iterable[str] = (),
    allow_unknown: bool = False,
    crop: str = "caffe",
    until: Iterable[str] = (),
) -> Net:
    """A net's fields -> the net of one phase.

    Raises:
        NetError: unknown layer types (all at once), unknown fields, bottoms that no layer writes, tops written twice;
            under `crop="geometry"` a Crop without crop_param whose bottoms do not say how they lie.
    """
    if crop not in ("caffe", "geometry"):
        raise NetError(f"crop is {crop!r}; expected 'caffe' or 'geometry'", path=path)
    if phase not in ("train", "test"):
        raise NetError(f"phase is {phase!r}; expected 'train' or 'test'", path=path)
    own = Params("net_state", text.messages("state"), "state", path)
    # A level that is asked for, as a solver's test_state does, stands over the net's own.
    state = _State(phase, level or own.integer("level"), frozenset(stages).union(own.texts("stage")))
    every = [_layer(message, path, phase) for message in upgraded_layers(text, path, registry.types())]
    layers = tuple(with_own_tops(layer for layer in every if state.keeps(layer)))
    if not layers:
        where = f"phase {phase.upper()}, level {state.level}, stages {', '.join(sorted(state.stages)) or 'none'}"
        raise NetError(f"has no layers in {where}; expected one at least", path=path)
    whole, layers = layers, _leading_to(list(until), layers, path)
    _check_types(layers, path)
    if not allow_unknown:
        for layer in layers:
            _check_fields(layer)
    blobs, unread = _wire(layers)
    _check_rates(layers)
    layers = with_crop_offsets(layers, every=crop == "geometry")
    inputs = [top for layer in layers for top in layer.tops if registry.is_required(layer)]
    left_out = frozenset(layer.name for layer in whole).difference(layer.name for layer in layers)
    order = tuple(blobs), tuple(sorted(unread)), tuple(inputs)
    return Net(text.word("name"), path, layers, *order, _is_dilation_fork(every), left_out)


def _is_dilation_fork(layers: list[Layer]) -> bool:
    """A net of fyu/caffe-dilation: it has an identity filler, or reads data as only that fork does."""

    def has_identity(name: str, message: Message) -> bool:
        if name.endswith("_filler") and message.word("type") == "identity":
            return True
        return any(
            has_identity(entry.name, entry.value) for entry in message.entries if isinstance(entry.value, Message)
        )

    return any(layer.type in ("ImageLabelData", "BinLabelData") or has_identity("", layer.message) for layer in layers)


def read_net(
    path: str | Path,
    *,
    phase: str = "test",
    level: int = 0,
    stages: Iterable[str] = (),
    allow_unknown: bool = False,
    crop: str = "caffe",
    values: Mapping[str, object] | None = None,
    until: Iterable[str] = (),
) -> Net:
    """A prototxt file -> the net of one phase, level and set of stages; with `until` the part that gives these blobs.

    Raises:
        TextError: the file does not read, or has no place for one of `values` (see `run`).
        NetError: see `build_net`.
    """
    options: dict[str, Any] = {"level": level, "stages": stages, "allow_unknown": allow_unknown, "crop": crop}
    return build_net(read_text(path, values), str(path), phase=phase, until=until, **options)


def parse_net(
    text: str,
    *,
    phase: str = "test",
    level: int = 0,
    stages: Iterable[str] = (),
    allow_unknown: bool = False,
    crop: str = "caffe",
    values: Mapping[str, object] | None = None,
) -> Net:
    """The text of a prototxt -> the net of one phase, level and set of stages; raises as `read_net` does."""
    options: dict[str, Any] = {"level": level, "stages": stages, "allow_unknown": allow_unknown, "crop": crop}
    return build_net(parse_text(fill_in(text, values, "<text>")), "<text>", phase=phase, **options)
