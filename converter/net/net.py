"""The frozen net: layers in file order, kept or dropped by phase and stage, and the names that connect them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, cast

from converter.errors import GraphError
from converter.formats.record import Field, Record, Where
from converter.net.automatic_tops import automatic_tops
from converter.net.forks import is_dilation_fork
from converter.net.ignored_fields import INERT
from converter.net.params import Params
from converter.net.state_rules import is_included, state_for

Phase: TypeAlias = Literal["train", "test"]
Shape: TypeAlias = tuple[int, ...]

_STRUCTURE = frozenset(
    {"name", "type", "bottom", "top", "loss_weight", "param", "blobs", "include", "exclude", "phase", "propagate_down"}
)


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """How one blob of a layer is shared and trained (caffe.proto, ParamSpec); None where the file is silent."""

    name: str = ""
    share_mode: str = "STRICT"
    lr_mult: float | None = None
    decay_mult: float | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a net as the file states it; `record` holds what its type may read."""

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    phase: Phase
    where: Where
    record: Record
    loss_weights: tuple[float, ...] = ()
    param_specs: tuple[ParamSpec, ...] = ()
    propagate_down: tuple[bool, ...] = ()
    dilation_fork: bool = False
    """Whether the net is one of fyu/caffe-dilation's, whose bilinear filler is another."""

    def params(self) -> Params:
        """A fresh accounting view of everything but the structural fields."""
        return Params(self.record, layer=self.name, only=lambda item: item.name not in _STRUCTURE)


@dataclass(frozen=True, slots=True)
class Net:
    """A net for one phase (None: every layer of the file, whatever its rules), for these stages and this level."""

    name: str
    layers: tuple[Layer, ...]
    phase: Phase | None
    path: str
    unknown: tuple[Field, ...] = ()
    notes: tuple[str, ...] = field(default=())
    force_backward: bool = False
    """Whether every bottom gets a gradient, whatever `propagate_down` says."""
    stages: tuple[str, ...] = ()
    level: int = 0
    left_out: frozenset[str] = frozenset()
    """Layers that a cut left out, see `cut_net`; weights may hold them."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Blobs that no later layer reads, in alphabetical order (src/caffe/net.cpp, available_blobs)."""
        available: set[str] = set()
        for layer in self.layers:
            available.difference_update(layer.bottoms)
            available.update(layer.tops)
        return tuple(sorted(available))


def build_net(
    record: Record,
    *,
    phase: Phase | None = "test",
    stages: Sequence[str] = (),
    level: int = 0,
    notes: Sequence[str] = (),
) -> Net:
    """Freeze an upgraded NetParameter: filter by phase, level and stages, then check that the layers connect.

    Raises:
        GraphError: include and exclude rules in one layer, a bottom that nothing produces, a top produced twice; or no
            layer is left.
    """
    view = Params(record)
    name = view.text("name", "")
    state = view.message("state")
    stages = (*stages, *state.texts("stage"))
    level = level or state.integer("level", 0)  # what a solver asks for is merged over the net's own state
    records = [item.value for item in record if item.name == "layer" and isinstance(item.value, Record)]
    kept: list[Record] = []
    left_out: list[Record] = []
    for item in records:
        (kept if phase is None or is_included(item, phase, stages, level) else left_out).append(item)
    if not kept:
        told = f"phase {phase}, level {level}, stages {', '.join(stages) or 'none'}"
        text = f"keeps no layer in {told}; ask for another state" if records else "has no layers; is it a net?"
        raise GraphError(text, path=record.where.path)
    fork = is_dilation_fork(record)
    stated = [replace(_layer(item, phase), dilation_fork=fork) for item in kept]
    layers = tuple(replace(layer, tops=tops) for layer, tops in zip(stated, automatic_tops(stated), strict=True))
    if phase is not None:
        _check_wiring(layers, left_out)
    unknown = tuple(item for item in record if not item.known and item.name not in INERT)
    forced = view.flag("force_backward", False)
    return Net(name, layers, phase, record.where.path, unknown, tuple(notes), forced, stages, level)


def _layer(record: Record, phase: Phase | None) -> Layer:
    view = Params(record)
    own = view.choice("phase", ("TRAIN", "TEST")).lower() if view.has("phase") else phase or "test"
    return Layer(
        name=view.text("name", ""),
        type=view.text("type", ""),
        bottoms=view.texts("bottom"),
        tops=view.texts("top"),
        phase=cast(Phase, own),
        where=record.where,
        record=record,
        loss_weights=view.numbers("loss_weight"),
        param_specs=tuple(_param_spec(item) for item in view.messages("param")),
        propagate_down=view.flags("propagate_down"),
    )


def _param_spec(view: Params) -> ParamSpec:
    return ParamSpec(
        name=view.text("name", ""),
        share_mode=view.choice("share_mode", ("STRICT", "PERMISSIVE"), "STRICT"),
        lr_mult=view.number("lr_mult") if view.has("lr_mult") else None,
        decay_mult=view.number("decay_mult") if view.has("decay_mult") else None,
    )


def _check_wiring(layers: Sequence[Layer], left_out: Sequence[Record]) -> None:
    """Every bottom exists before it is read, every top is new or in place (src/caffe/net.cpp, Init, AppendTop)."""
    produced: dict[str, Layer] = {}
    for layer in layers:
        for bottom in layer.bottoms:
            if bottom not in produced:
                raise _wiring_error(layer, _unknown_bottom(bottom, produced, left_out))
        if layer.propagate_down and len(layer.propagate_down) != len(layer.bottoms):
            text = (
                f"{len(layer.propagate_down)} propagate_down for {len(layer.bottoms)} bottoms; state one each, or none"
            )
            raise _wiring_error(layer, text)
        for index, top in enumerate(layer.tops):
            in_place = index < len(layer.bottoms) and layer.bottoms[index] == top
            if top in produced and not in_place:
                raise _wiring_error(
                    layer,
                    f"top {top!r} is already produced by layer {produced[top].name!r}; "
                    "give it another name, or make both layers of one phase only",
                )
            produced[top] = layer


def _unknown_bottom(bottom: str, produced: dict[str, Layer], left_out: Sequence[Record]) -> str:
    if state := state_for(bottom, left_out):
        return f"bottom {bottom!r} is not produced by any layer before it; {state}"
    import difflib  # for the error alone

    close = difflib.get_close_matches(bottom, produced, n=3)
    hint = f"did you mean {' or '.join(map(repr, close))}" if close else "check the spelling and the layers' phases"
    return f"bottom {bottom!r} is not produced by any layer before it; {hint}"


def _wiring_error(layer: Layer, what: str) -> GraphError:
    text = f"layer {layer.name!r} ({layer.type}): {what}"
    return GraphError(text, path=layer.where.path, line=layer.where.line, layer=layer.name)
