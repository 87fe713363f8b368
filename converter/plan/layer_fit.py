"""One layer of a net and its stored blobs: which blob is which, and whether the shapes fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from converter.formats.weights.stored import StoredBlob, StoredLayer
from converter.layers.layer import Operator
from converter.net.net import Shape
from converter.plan.layer_blobs import check_naming, drop_legacy_axes, with_arrays
from converter.plan.plan import ConfiguredLayer, Plan, param_spec
from converter.plan.shared_blobs import Fit, SharedBlobs

Array: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(slots=True)
class Account:
    """What was found for each layer, and what does not fit, gathered so that all of it is said at once.

    Attributes:
        arrays: by `ConfiguredLayer.key`, in Caffe's order, shapes and terms.
        states: by key, the same as a state dict holds them, where the file holds them so and the two differ.
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


def fit_layer(
    step: ConfiguredLayer, layer: StoredLayer, plan: Plan, path: str, account: Account, order: int
) -> Fit | None:
    """A layer's stored blobs in the shapes that it wants; None where they do not fit, and a line in the account.

    A blob that an earlier layer owns may be missing: HDF5 files hold shared blobs once, with their owner.

    Raises:
        WeightsError: a key that names no blob of the layer.
    """
    wanted = step.operator.blobs
    layer = layer if layer.names else _in_current_form(type(step.operator), layer)
    owned = {place for place in range(len(wanted)) if not is_shared(step, place, plan)}
    found = _blob_positions(step, layer, sorted(owned), path)
    if len(layer.stored) != len(found.places) or not owned <= set(found.places) <= set(range(len(wanted))):
        held = ", ".join(layer.names) if layer.names else f"{len(layer.stored)} blobs"
        names = ", ".join(blob.name for blob in wanted) if layer.names else str(len(wanted))
        account.misshapen.append(f"{step.layer.name}: {held} in the file, {names} in the net")
        return None
    layer = _adapted(step, layer, found)
    misfits = _misfits(step, layer.stored, found)
    account.misshapen += misfits
    if misfits:
        return None
    shapes = _shapes(step, found.in_state)
    stored = zip(found.places, layer.stored, strict=True)
    values = {place: _to_float32(blob.array.reshape(shapes[place])) for place, blob in stored}
    return Fit(step, values, found.in_state, order)


def enter_layer(step: ConfiguredLayer, fit: Fit | None, shared: SharedBlobs, account: Account) -> bool:
    """Put a layer's blobs, its own and shared ones, into the account; whether all of them were found."""
    for in_state in [fit.in_state] if fit is not None else (False, True):
        own = fit.values if fit is not None else {}
        values = own | shared.values(step, _shapes(step, in_state), in_state=in_state)
        if len(values) == len(step.operator.blobs):
            _enter(step, [values[place] for place in range(len(values))], in_state, account)
            return True
    return False


def _in_current_form(kind: type[Operator], layer: StoredLayer) -> StoredLayer:
    """A layer of a file by position, its blobs in Caffe's order and, where the type says so, of one axis."""
    stored = [layer.stored[place] for place in kind.file_order([blob.shape for blob in layer.stored])]
    return replace(layer, stored=tuple(drop_legacy_axes(kind, 0, blob) if kind.flat_blobs else blob for blob in stored))


def _blob_positions(step: ConfiguredLayer, layer: StoredLayer, owned: Sequence[int], path: str) -> _Places:
    """By name where the file holds the blobs by key, else by position."""
    wanted = step.operator.blobs
    if layer.names:
        named = replace(layer, name=step.layer.name)
        known = [blob.name for blob in wanted]
        found = check_naming(type(step.operator), named, max(len(wanted), len(layer.names)), path, known)
        return _Places(found.places, found.in_state)
    return _Places(tuple(range(len(wanted))) if len(layer.stored) == len(wanted) else tuple(owned))


def _adapted(step: ConfiguredLayer, layer: StoredLayer, found: _Places) -> StoredLayer:
    """The layer with blobs as its type takes them over (`Operator.adapt_stored`)."""
    arrays = [
        step.operator.adapt_stored(*pair) for pair in zip(found.places, (b.array for b in layer.stored), strict=True)
    ]
    return replace(layer, stored=tuple(with_arrays(layer.stored, arrays)))


def _misfits(step: ConfiguredLayer, blobs: Sequence[StoredBlob], found: _Places) -> list[str]:
    """A line for each blob of another shape."""
    shapes, lines = _shapes(step, found.in_state), []
    for place, blob in zip(found.places, blobs, strict=True):
        if not _compatible(blob, shapes[place]):
            seen, expected = _dims(blob.shape), _dims(shapes[place])
            name = f"{step.layer.name}.{step.operator.blobs[place].name}"
            lines.append(f"{name}: {seen} in the file, {expected} in the net")
    return lines


def _enter(step: ConfiguredLayer, values: list[Array], in_state: bool, account: Account) -> None:
    """Put a layer's values into the account, in Caffe's terms and, where they differ, in the state dict's."""
    name = step.key
    caffe = type(step.operator).blobs_of(values) if in_state else values
    if any(own is not array for own, array in zip(caffe, values, strict=True)):
        account.states[name] = tuple(values)
    wanted = step.operator.blobs
    account.arrays[name] = tuple(array.reshape(blob.shape) for array, blob in zip(caffe, wanted, strict=True))


def is_shared(step: ConfiguredLayer, place: int, plan: Plan) -> bool:
    """Whether an earlier layer owns a blob by a shared parameter's name."""
    name = param_spec(step.layer, place).name
    for other in plan.steps:
        if not name or other is step:
            return False
        if any(param_spec(other.layer, index).name == name for index in range(len(other.operator.blobs))):
            return True
    return False


def _shapes(step: ConfiguredLayer, in_state: bool) -> list[Shape]:
    """The shapes that a layer's blobs have in Caffe or in the state dict."""
    if not in_state:
        return [blob.shape for blob in step.operator.blobs]
    zeros = [np.broadcast_to(np.float32(0), blob.shape) for blob in step.operator.blobs]
    return [tuple(array.shape) for array in step.operator.state_of(zeros)]


def _to_float32(array: Array) -> Array:
    """Half floats as float32, others as they are."""
    return array.astype(np.float32, copy=False) if array.dtype == np.float16 else array


def _compatible(blob: StoredBlob, wanted: Shape) -> bool:
    """Caffe's test (src/caffe/blob.cpp, ShapeEquals): the old 4-D form matches a shape with ones before it."""
    if blob.legacy:
        return len(wanted) <= 4 and (1,) * (4 - len(wanted)) + wanted == blob.shape
    return bool(blob.shape == wanted)


def _dims(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "scalar"
