"""One layer of a net and its stored blobs: which blob is which, whether the shapes fit, what other layers own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from converter.formats.weights.stored import StoredBlob, StoredLayer
from converter.layers.kit.windows import element_count
from converter.net.net import Shape
from converter.plan.layer_blobs import check_naming
from converter.plan.plan import ConfiguredLayer, Plan, param_spec

Array: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(slots=True)
class Account:
    """What was found for each layer, and what does not fit, gathered so that all of it is said at once.

    Attributes:
        arrays: by layer, in Caffe's order, shapes and terms.
        states: by layer, the same as a state dict holds them, where the file holds them so and the two differ.
        missing: layers of the net that the file lacks.
        unexpected: layers of the file that the net lacks.
        misshapen: a line for each blob, or number of blobs, that does not fit.
    """

    arrays: dict[str, tuple[Array, ...]] = field(default_factory=dict)
    states: dict[str, tuple[Array, ...]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    misshapen: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a file's blobs stand in Caffe's order, and whether they are in the state dict's terms."""

    places: tuple[int, ...]
    in_state: bool = False


def fit_layer(step: ConfiguredLayer, layer: StoredLayer, plan: Plan, path: str, account: Account) -> None:
    """Put a layer's blobs into the account, or a line for each that does not fit.

    A blob that an earlier layer owns may be missing: HDF5 files hold shared blobs once, with their owner.

    Raises:
        WeightsError: a key that names no blob of the layer.
    """
    wanted = step.operator.blobs
    owned = {place for place in range(len(wanted)) if owner_of(step, place, plan) is None}
    found = _places(step, layer, sorted(owned), path)
    if len(layer.stored) != len(found.places) or not owned <= set(found.places) <= set(range(len(wanted))):
        held = ", ".join(layer.names) if layer.names else f"{len(layer.stored)} blobs"
        names = ", ".join(blob.name for blob in wanted) if layer.names else str(len(wanted))
        account.misshapen.append(f"{step.layer.name}: {held} in the file, {names} in the net")
        return
    misfits = _misfits(step, layer.stored, found)
    if misfits:
        account.misshapen += misfits
        return
    shapes = _shapes(step, found.in_state)
    values = owners_blobs(step, plan, account.arrays, account.states if found.in_state else {})
    for place, blob in zip(found.places, layer.stored, strict=True):
        values[place] = _single(blob.array.reshape(shapes[place]))
    if len(values) < len(wanted):
        account.missing.append(step.layer.name)  # an owner is missing itself
        return
    _enter(step, [values[place] for place in range(len(wanted))], found.in_state, account)


def _places(step: ConfiguredLayer, layer: StoredLayer, owned: Sequence[int], path: str) -> _Places:
    """By name where the file holds the blobs by key, else by position."""
    wanted = step.operator.blobs
    if layer.names:
        named = replace(layer, name=step.layer.name)
        known = [blob.name for blob in wanted]
        found = check_naming(type(step.operator), named, max(len(wanted), len(layer.names)), path, known)
        return _Places(found.places, found.in_state)
    return _Places(tuple(range(len(wanted))) if len(layer.stored) == len(wanted) else tuple(owned))


def _misfits(step: ConfiguredLayer, blobs: Sequence[StoredBlob], found: _Places) -> list[str]:
    """A line for each blob of another shape."""
    shapes, lines = _shapes(step, found.in_state), []
    for place, blob in zip(found.places, blobs, strict=True):
        if not _compatible(blob, shapes[place]):
            seen, expected = _dims(blob.array.shape), _dims(shapes[place])
            name = f"{step.layer.name}.{step.operator.blobs[place].name}"
            lines.append(f"{name}: {seen} in the file, {expected} in the net")
    return lines


def _enter(step: ConfiguredLayer, values: list[Array], in_state: bool, account: Account) -> None:
    """Put a layer's values into the account, in Caffe's terms and, where they differ, in the state dict's."""
    name = step.layer.name
    caffe = type(step.operator).blobs_of(values) if in_state else values
    if any(own is not array for own, array in zip(caffe, values, strict=True)):
        account.states[name] = tuple(values)
    wanted = step.operator.blobs
    account.arrays[name] = tuple(array.reshape(blob.shape) for array, blob in zip(caffe, wanted, strict=True))


def owners_blobs(
    step: ConfiguredLayer,
    plan: Plan,
    arrays: Mapping[str, tuple[Array, ...]],
    states: Mapping[str, tuple[Array, ...]],
) -> dict[int, Array]:
    """The blobs that earlier layers own, by their places in this layer: of `states` where it has the owner."""
    found: dict[int, Array] = {}
    for place, blob in enumerate(step.operator.blobs):
        owner = owner_of(step, place, plan)
        held = states.get(owner[0]) or arrays.get(owner[0]) if owner is not None else None
        if owner is not None and held is not None and held[owner[1]].size == element_count(blob.shape):
            found[place] = held[owner[1]]
    return found


def owner_of(step: ConfiguredLayer, place: int, plan: Plan) -> tuple[str, int] | None:
    """The earlier layer that owns a blob by a shared parameter name, and the blob's place there; None without one."""
    name = param_spec(step.layer, place).name
    for other in plan.steps:
        if not name or other is step:
            return None
        for index in range(len(other.operator.blobs)):
            if param_spec(other.layer, index).name == name:
                return other.layer.name, index
    return None


def all_shared(step: ConfiguredLayer, plan: Plan) -> bool:
    """Whether earlier layers own all of this one's blobs."""
    return all(owner_of(step, place, plan) is not None for place in range(len(step.operator.blobs)))


def _shapes(step: ConfiguredLayer, in_state: bool) -> list[Shape]:
    """The shapes that a layer's blobs have in Caffe or in the state dict."""
    if not in_state:
        return [blob.shape for blob in step.operator.blobs]
    zeros = [np.broadcast_to(np.float32(0), blob.shape) for blob in step.operator.blobs]
    return [tuple(array.shape) for array in step.operator.state_of(zeros)]


def _single(array: Array) -> Array:
    """Half floats as float32, others as they are."""
    return array.astype(np.float32, copy=False) if array.dtype == np.float16 else array


def _compatible(blob: StoredBlob, wanted: Shape) -> bool:
    """Caffe's test (src/caffe/blob.cpp, ShapeEquals): the old 4-D form matches a shape with ones before it."""
    if blob.legacy:
        return len(wanted) <= 4 and (1,) * (4 - len(wanted)) + wanted == blob.array.shape
    return bool(blob.array.shape == wanted)


def _dims(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "scalar"
