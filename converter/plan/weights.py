"""Weights into a net, with the one account: every blob of the file and every blob of the net is matched or named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from converter.errors import ConversionError, WeightsError
from converter.formats.weights.stored import StoredBlob, StoredLayer, StoredWeights
from converter.net.fillers import fill
from converter.net.names import escape, unescape
from converter.net.net import Shape
from converter.plan.layer_blobs import check_naming
from converter.plan.plan import ConfiguredLayer, Plan, param_spec

Array: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(frozen=True, slots=True)
class Matched:
    """Arrays for every layer with blobs, and what a user should know of how they came about.

    Attributes:
        arrays: by layer, in Caffe's order, shapes and terms.
        states: by layer, the same as a state dict holds them, where the file holds them so and the two differ.
        notes: layers filled or left out.
    """

    arrays: Mapping[str, tuple[Array, ...]]
    states: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class _Account:
    """What does not fit, gathered so that all of it is said at once."""

    def __init__(self) -> None:
        self.missing: list[str] = []
        self.unexpected: list[str] = []
        self.misshapen: list[str] = []


def match(
    plan: Plan,
    stored: StoredWeights,
    *,
    fill_missing: bool = False,
    allow_unused: bool = False,
    seed: int | None = None,
) -> Matched:
    """Match stored blobs to the plan's layers, as src/caffe/net.cpp (CopyTrainedLayersFrom) does, and count.

    Layers meet by name. Within a layer blobs meet by name where the file holds them by key, else by position.

    Args:
        plan: the configured net.
        stored: the weights file.
        fill_missing: fill layers that the file lacks as the prototxt says, and note it.
        allow_unused: go on where layers of the file have no place in the net, and note it.
        seed: of the random fillers.

    Raises:
        WeightsError: naming every layer missing, unexpected or misshapen at once; or a key that no blob has.
    """
    with_blobs = [step for step in plan.steps if step.operator.blobs]
    given = _by_layer(stored, {step.layer.name for step in with_blobs})
    account = _Account()
    account.unexpected = [name for name in given if name not in {step.layer.name for step in with_blobs}]
    account.missing = [
        step.layer.name for step in with_blobs if step.layer.name not in given and not _all_shared(step, plan)
    ]
    arrays: dict[str, tuple[Array, ...]] = {}
    states: dict[str, tuple[Array, ...]] = {}
    for step in with_blobs:
        if step.layer.name in given:
            _fit(step, given[step.layer.name], plan, stored.path, account, arrays, states)
    _check(stored.path, account, fill_missing, allow_unused)
    notes = [*stored.notes]
    notes += [f"layer {name!r} of the weights has no place in the net and was left out" for name in account.unexpected]
    random = np.random.default_rng(seed)
    for step in with_blobs:
        if step.layer.name not in arrays:
            arrays[step.layer.name] = fill_step(step, random)
            if step.layer.name in account.missing:
                notes.append(_filled_note(step))
    return Matched(arrays, states, tuple(notes))


def fill_all(plan: Plan, seed: int | None = None) -> Matched:
    """Every blob filled as the prototxt says (Caffe's default where it names no filler: zeros), each layer noted."""
    random = np.random.default_rng(seed)
    steps = [step for step in plan.steps if step.operator.blobs]
    arrays = {step.layer.name: fill_step(step, random) for step in steps}
    return Matched(arrays, notes=tuple(_filled_note(step) for step in steps))


def fill_step(step: ConfiguredLayer, random: np.random.Generator) -> tuple[Array, ...]:
    """A layer's blobs as its fillers make them, float32."""
    try:
        return tuple(fill(blob.filler, blob.shape, random) for blob in step.operator.blobs)
    except ConversionError as error:
        error.message = f"layer {step.layer.name!r} ({step.layer.type}): {error.message}"
        error.path, error.line, error.layer = step.layer.where.path, step.layer.where.line, step.layer.name
        raise


def layer_names(key: str) -> tuple[str, ...]:
    """Names of the layers that a key's first part may mean: as it is escaped today, and as files before had it."""
    return tuple(dict.fromkeys((unescape(key), key.replace("%2E", ".").replace("%25", "%"))))


def _by_layer(stored: StoredWeights, wanted: set[str]) -> dict[str, StoredLayer]:
    """The stored layers by Caffe's name.

    Raises:
        WeightsError: a key that fits two layers of the net alike, or two keys that fit one.
    """
    given: dict[str, StoredLayer] = {}
    for name, layer in stored.weighted().items():
        meant = [one for one in layer_names(name) if one in wanted] if stored.by_key else [name]
        if len(meant) > 1:
            text = f"key '{name}' fits the layers {' and '.join(map(repr, meant))} alike; rename one of them"
            raise WeightsError(f"{text}, or write it as '{escape(meant[0])}'", path=stored.path, layer=meant[0])
        found = meant[0] if meant else layer_names(name)[0]
        if found in given:
            text = f"two keys fit layer {found!r}: '{given[found].name}' and '{name}'; leave one of them out"
            raise WeightsError(text, path=stored.path, layer=found)
        given[found] = layer
    return given


def _fit(
    step: ConfiguredLayer,
    layer: StoredLayer,
    plan: Plan,
    path: str,
    account: _Account,
    arrays: dict[str, tuple[Array, ...]],
    states: dict[str, tuple[Array, ...]],
) -> None:
    """Put a layer's blobs into `arrays` (and `states`), or a line into the account for each that does not fit."""
    name, wanted, kind = step.layer.name, step.operator.blobs, type(step.operator)
    owned = [i for i in range(len(wanted)) if _owner(step, i, plan) is None]
    in_state = False
    if layer.names:
        found = check_naming(kind, replace(layer, name=name), max(len(wanted), len(layer.names)), path)
        places, in_state = found.places, found.in_state
    elif len(layer.stored) == len(wanted):
        places = tuple(range(len(wanted)))
    else:
        places = tuple(owned)
    if len(layer.stored) != len(places) or not set(owned) <= set(places) <= set(range(len(wanted))):
        held = ", ".join(layer.names) if layer.names else f"{len(layer.stored)} blobs"
        text = ", ".join(blob.name for blob in wanted) if layer.names else str(len(wanted))
        account.misshapen.append(f"{name}: {held} in the file, {text} in the net")
        return
    shapes = _state_shapes(step) if in_state else [blob.shape for blob in wanted]
    values: dict[int, Array] = dict.fromkeys(range(len(wanted)), np.empty(0, np.float32))
    for place, blob in zip(places, layer.stored, strict=True):
        if _compatible(blob, shapes[place]):
            values[place] = _single(blob.array.reshape(shapes[place]))
        else:
            seen, expected = _dims(blob.array.shape), _dims(shapes[place])
            account.misshapen.append(f"{name}.{wanted[place].name}: {seen} in the file, {expected} in the net")
    fitted = [values[place] for place in range(len(wanted))]
    caffe = kind.blobs_of(fitted) if in_state else fitted
    if any(own is not array for own, array in zip(caffe, fitted, strict=True)):
        states[name] = tuple(fitted)
    arrays[name] = tuple(
        array.reshape(blob.shape) if array.size else array for array, blob in zip(caffe, wanted, strict=True)
    )


def _state_shapes(step: ConfiguredLayer) -> list[Shape]:
    """The shapes that a layer's blobs have in the state dict."""
    zeros = [np.broadcast_to(np.float32(0), blob.shape) for blob in step.operator.blobs]
    return [tuple(array.shape) for array in step.operator.state_of(zeros)]


def _single(array: Array) -> Array:
    """Half floats as float32, others as they are."""
    return array.astype(np.float32, copy=False) if array.dtype == np.float16 else array


def _filled_note(step: ConfiguredLayer) -> str:
    kinds = ", ".join(f"{blob.name} by {blob.filler.type}" for blob in step.operator.blobs)
    return f"layer {step.layer.name!r} was filled, not loaded: {kinds}"


def _all_shared(step: ConfiguredLayer, plan: Plan) -> bool:
    """Whether an earlier layer owns all of this one's blobs (HDF5 files hold shared blobs once, with their owner)."""
    return all(_owner(step, index, plan) is not None for index in range(len(step.operator.blobs)))


def _owner(step: ConfiguredLayer, index: int, plan: Plan) -> ConfiguredLayer | None:
    """The earlier layer that owns blob `index` by a shared parameter name, if there is one."""
    name = param_spec(step.layer, index).name
    for other in plan.steps:
        if not name or other is step:
            return None
        if any(param_spec(other.layer, i).name == name for i in range(len(other.operator.blobs))):
            return other
    return None


def _compatible(blob: StoredBlob, wanted: Shape) -> bool:
    """Caffe's test (src/caffe/blob.cpp, ShapeEquals): the old 4-D form matches a shape with ones before it."""
    if blob.legacy:
        return len(wanted) <= 4 and (1,) * (4 - len(wanted)) + wanted == blob.array.shape
    return bool(blob.array.shape == wanted)


def _dims(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "scalar"


def _check(path: str | None, account: _Account, fill_missing: bool, allow_unused: bool) -> None:
    """Refuse what does not fit and was not allowed."""
    missing = [] if fill_missing else account.missing
    unexpected = [] if allow_unused else account.unexpected
    if not (missing or unexpected or account.misshapen):
        return
    lines = ["the weights do not belong to the net"]
    if missing:
        lines.append(f"missing from the file: {_some(missing)}")
    if unexpected:
        lines.append(f"in the file but not in the net: {_some(unexpected)}")
    if account.misshapen:
        lines.append(f"of another shape: {_some(account.misshapen)}")
    also = ", or allow_unknown (--allow-unknown) to leave out what has no place" if unexpected else ""
    lines.append(f"give the prototxt that these weights were trained with{also}")
    raise WeightsError(
        "; ".join(lines),
        path=path,
        layer=(*missing, *unexpected, *(item.split(":")[0] for item in account.misshapen))[0],
        missing=tuple(missing),
        unexpected=tuple(unexpected),
        misshapen=tuple(account.misshapen),
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown
