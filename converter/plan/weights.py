"""Weights into a net, with the one account: every blob of the file and every blob of the net is matched or named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from converter.errors import ConversionError, WeightsError
from converter.formats.weights.stored import StoredWeights
from converter.net.fillers import fill
from converter.plan.layer_fit import Account, all_shared, fit_layer, owners_blobs
from converter.plan.plan import ConfiguredLayer, Plan
from converter.plan.stored_names import by_layer

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
    names = {step.layer.name for step in with_blobs}
    given = by_layer(stored, names)
    account = Account()
    account.unexpected = [name for name in given if name not in names]
    account.missing = [step.layer.name for step in with_blobs if step.layer.name not in given]
    for step in with_blobs:
        if step.layer.name in given:
            fit_layer(step, given[step.layer.name], plan, stored.path, account)
        elif all_shared(step, plan):
            account.missing.remove(step.layer.name)
    _check(stored.path, account, fill_missing, allow_unused)
    notes = [*stored.notes]
    notes += [f"layer {name!r} of the weights has no place in the net and was left out" for name in account.unexpected]
    notes += _fill_rest(with_blobs, plan, account, seed)
    return Matched(account.arrays, account.states, tuple(notes))


def _fill_rest(steps: Sequence[ConfiguredLayer], plan: Plan, account: Account, seed: int | None) -> list[str]:
    """Blobs of the layers that the file lacks: their owner's where they are shared, else as the prototxt says."""
    random, notes = np.random.default_rng(seed), []
    for step in steps:
        name = step.layer.name
        if name in account.arrays:
            continue
        own = owners_blobs(step, plan, account.arrays, {})
        filled = enumerate(fill_step(step, random))
        account.arrays[name] = tuple(own[i].reshape(array.shape) if i in own else array for i, array in filled)
        if account.states and (state := owners_blobs(step, plan, {}, account.states)) and len(state) == len(own):
            account.states[name] = tuple(state[place] for place in sorted(state))
        if name in account.missing:
            notes.append(_filled_note(step))
    return notes


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


def _filled_note(step: ConfiguredLayer) -> str:
    kinds = ", ".join(f"{blob.name} by {blob.filler.type}" for blob in step.operator.blobs)
    return f"layer {step.layer.name!r} was filled, not loaded: {kinds}"


def _check(path: str | None, account: Account, fill_missing: bool, allow_unused: bool) -> None:
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
