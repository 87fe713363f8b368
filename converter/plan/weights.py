"""Weights into a net, with an account: every blob of the file and every parameter of the net is matched or named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from converter.errors import ConversionError, WeightsError
from converter.formats.weights.stored import StoredBlob, StoredNet
from converter.net.fillers import fill
from converter.net.net import Shape
from converter.plan.plan import Plan, Step, param_spec

Array: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(frozen=True, slots=True)
class Assignment:
    """Arrays for every layer with blobs, in Caffe's order, and what a user should know of how they came about."""

    arrays: Mapping[str, tuple[Array, ...]]
    notes: tuple[str, ...]


def assign(
    plan: Plan,
    stored: StoredNet,
    *,
    fill_missing: bool = False,
    allow_unused: bool = False,
    seed: int | None = None,
) -> Assignment:
    """Match stored blobs to the plan's layers by name, as src/caffe/net.cpp (CopyTrainedLayersFrom) does, and count.

    Args:
        plan: the configured net.
        stored: the weights file.
        fill_missing: fill layers that the file lacks as the prototxt says, and note it.
        allow_unused: go on where layers of the file have no place in the net, and note it.
        seed: of the random fillers.

    Raises:
        WeightsError: naming every layer missing, unexpected or misshapen at once.
    """
    with_blobs = [step for step in plan.steps if step.operator.blobs]
    names = {step.layer.name for step in with_blobs}
    given = stored.weighted()
    missing = [step for step in with_blobs if step.layer.name not in given and not _all_shared(step, plan)]
    unexpected = [name for name in given if name not in names]
    misshapen: list[str] = []
    arrays: dict[str, tuple[Array, ...]] = {}
    for step in with_blobs:
        if step.layer.name in given:
            arrays[step.layer.name] = tuple(_fit(step, given[step.layer.name].stored, misshapen, plan))
    _refuse(stored.path, [] if fill_missing else missing, [] if allow_unused else unexpected, misshapen)
    notes = [f"layer {name!r} of the weights has no place in the net and was left out" for name in unexpected]
    random = np.random.default_rng(seed)
    for step in with_blobs:
        if step.layer.name not in arrays:
            arrays[step.layer.name] = fill_step(step, random)
            if step in missing:
                notes.append(_filled_note(step))
    return Assignment(arrays, tuple(notes))


def fill_all(plan: Plan, seed: int | None = None) -> Assignment:
    """Every blob filled as the prototxt says (Caffe's default where it names no filler: zeros), each layer noted."""
    random = np.random.default_rng(seed)
    steps = [step for step in plan.steps if step.operator.blobs]
    arrays = {step.layer.name: fill_step(step, random) for step in steps}
    return Assignment(arrays, tuple(_filled_note(step) for step in steps))


def fill_step(step: Step, random: np.random.Generator) -> tuple[Array, ...]:
    """A layer's blobs as its fillers make them, float32."""
    try:
        return tuple(fill(blob.filler, blob.shape, random) for blob in step.operator.blobs)
    except ConversionError as error:
        error.message = f"layer {step.layer.name!r} ({step.layer.type}): {error.message}"
        error.path, error.line, error.layer = step.layer.where.path, step.layer.where.line, step.layer.name
        raise


def _filled_note(step: Step) -> str:
    kinds = ", ".join(f"{blob.name} by {blob.filler.type}" for blob in step.operator.blobs)
    return f"layer {step.layer.name!r} was filled, not loaded: {kinds}"


def _all_shared(step: Step, plan: Plan) -> bool:
    """Whether an earlier layer owns all of this one's blobs (HDF5 files hold shared blobs once, with their owner)."""
    return all(_owner(step, index, plan) is not None for index in range(len(step.operator.blobs)))


def _owner(step: Step, index: int, plan: Plan) -> Step | None:
    """The earlier layer that owns blob `index` by a shared parameter name, if there is one."""
    name = param_spec(step.layer, index).name
    for other in plan.steps:
        if not name or other is step:
            return None
        if any(param_spec(other.layer, i).name == name for i in range(len(other.operator.blobs))):
            return other
    return None


def _fit(step: Step, blobs: Sequence[StoredBlob], misshapen: list[str], plan: Plan) -> list[Array]:
    """The stored blobs in the shapes the layer wants, or a line in `misshapen` for each that does not fit."""
    wanted = step.operator.blobs
    owned = [i for i in range(len(wanted)) if _owner(step, i, plan) is None]
    if len(blobs) not in {len(wanted), len(owned)}:
        misshapen.append(f"{step.layer.name}: {len(blobs)} blobs in the file, {len(wanted)} in the net")
        return []
    indices = range(len(wanted)) if len(blobs) == len(wanted) else owned
    fitted = dict.fromkeys(range(len(wanted)), np.empty(0, np.float32))
    for index, blob in zip(indices, blobs, strict=True):
        shape, array = wanted[index].shape, blob.array
        if _compatible(array.shape, shape, blob.legacy):
            fitted[index] = array.reshape(shape)
        else:
            misshapen.append(
                f"{step.layer.name}.{wanted[index].name}: {_dims(array.shape)} in the file, {_dims(shape)} in the net"
            )
    return [
        fitted[index].astype(np.float32, copy=False) if fitted[index].dtype == np.float16 else fitted[index]
        for index in fitted
    ]


def _compatible(stored: Shape, wanted: Shape, legacy: bool) -> bool:
    """Caffe's test (src/caffe/blob.cpp, ShapeEquals): the old 4-D form matches a shape with ones before it."""
    if legacy:
        return len(wanted) <= 4 and (1,) * (4 - len(wanted)) + wanted == stored
    return stored == wanted


def _dims(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "scalar"


def _refuse(path: str | None, missing: Sequence[Step], unexpected: Sequence[str], misshapen: Sequence[str]) -> None:
    names = tuple(step.layer.name for step in missing)
    if not (names or unexpected or misshapen):
        return
    lines = ["the weights do not belong to the net"]
    if names:
        lines.append(f"missing from the file: {_some(names)}")
    if unexpected:
        lines.append(f"in the file but not in the net: {_some(unexpected)}")
    if misshapen:
        lines.append(f"of another shape: {_some(misshapen)}")
    also = ", or allow_unknown (--allow-unknown) to leave out what has no place" if unexpected else ""
    lines.append(f"give the prototxt that these weights were trained with{also}")
    raise WeightsError(
        "; ".join(lines),
        path=path,
        layer=(*names, *unexpected, *(item.split(":")[0] for item in misshapen))[0],
        missing=names,
        unexpected=tuple(unexpected),
        misshapen=tuple(misshapen),
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown
