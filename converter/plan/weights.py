"""Weights into a net, with the one account: every blob of the file and every blob of the net is matched or named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from converter.errors import ConversionError, WeightsError
from converter.formats.weights.stored import StoredLayer, StoredWeights
from converter.net.filling import fill
from converter.net.names import repeated_key, unescape
from converter.plan.layer_fit import Account, enter_layer, fit_layer, is_shared
from converter.plan.memory import check_parameters
from converter.plan.plan import ConfiguredLayer, Plan, param_spec
from converter.plan.shared_blobs import Fit, SharedBlobs
from converter.plan.stored_names import by_layer

Array: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(frozen=True, slots=True)
class Matched:
    """Arrays for every layer with blobs, and what a user should know of how they came about.

    Attributes:
        arrays: by `ConfiguredLayer.key` (of the first layer of a name that name), in Caffe's order, shapes and terms.
        states: by key, the same as a state dict holds them, where the file holds them so and the two differ.
        notes: layers filled or left out.
        filled: keys of the layers that were filled.
    """

    arrays: Mapping[str, tuple[Array, ...]]
    states: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()


def match(
    plan: Plan,
    stored: StoredWeights,
    *,
    fill_missing: bool = False,
    allow_unused: bool = False,
    seed: int | None = None,
    max_memory: int | None = None,
) -> Matched:
    """Match stored blobs to the plan's layers, as src/caffe/net.cpp (CopyTrainedLayersFrom) does, and count.

    Layers meet by name. Within a layer blobs meet by name where the file holds them by key, else by position.

    Args:
        plan: the configured net.
        stored: the weights file.
        fill_missing: fill layers that the file lacks as the prototxt says, and note it.
        allow_unused: go on where layers of the file have no place in the net, and note it.
        seed: of the random fillers.
        max_memory: bytes that filled layers may take; None: 80 % of what is free.

    Raises:
        MemoryLimitError: filled layers would take more.
        WeightsError: naming every layer missing, unexpected or misshapen at once; or a key that no blob has.
    """
    with_blobs = [step for step in plan.steps if step.operator.blobs]
    given = by_layer(stored, {step.layer.name for step in with_blobs} | plan.net.left_out)
    sources = _sources(with_blobs, given, stored)
    account = Account()
    taken = {source.name for source in sources.values()}
    known = taken | plan.net.left_out
    account.unexpected = [name for name, layer in given.items() if layer.name not in known]
    shared = _enter_all(plan, sources, stored, account)
    _check(stored.path, account, fill_missing, allow_unused)
    notes = [*stored.notes, *_repeat_notes(with_blobs, stored), *shared.notes]
    notes += [f"layer {name!r} of the weights has no place in the net and was left out" for name in account.unexpected]
    filled = _fill_rest(with_blobs, account, seed, max_memory)
    return Matched(account.arrays, account.states, (*notes, *map(_fill_note, filled)), _keys(filled))


def _enter_all(plan: Plan, sources: Mapping[str, StoredLayer], stored: StoredWeights, account: Account) -> SharedBlobs:
    """Every stored layer in the account, shared blobs with all their layers; layers that lack blobs are named there."""
    steps = [step for step in plan.steps if step.operator.blobs]
    orders = {layer.name: order for order, layer in enumerate(stored.layers)}
    fits: dict[str, Fit] = {}
    for order, step in enumerate(steps):
        if (source := sources.get(step.key)) is not None:
            place = order if stored.by_key else orders[source.name]
            if (fit := fit_layer(step, source, plan, stored.path, account, place)) is not None:
                fits[step.key] = fit
    shared = SharedBlobs.of([*fits.values()])
    for step in steps:
        misfits = step.key in sources and step.key not in fits  # told already
        found = enter_layer(step, fits.get(step.key), shared, account)
        sharer = all(is_shared(step, place, plan) for place in range(len(step.operator.blobs)))
        if not found and not misfits and not step.repeat and not sharer:
            account.missing.append(step.layer.name)
    return shared


def _sources(
    steps: Sequence[ConfiguredLayer], given: Mapping[str, StoredLayer], stored: StoredWeights
) -> dict[str, StoredLayer]:
    """The stored layer of each layer of the net, by key.

    Of several layers of one name the first alone has one (src/caffe/net.cpp, CopyTrainedLayersFrom); in a state dict of
    ours the others have keys of their own.
    """
    found = {}
    for step in steps:
        if not step.repeat:
            source = given.get(step.layer.name)
        else:
            key = repeated_key(step.layer.name, step.repeat)
            source = given.get(unescape(key)) if stored.by_key else None
            source = source if source is not None and source.name == key else None
        if source is not None:
            found[step.key] = source
    return found


def _repeat_notes(steps: Sequence[ConfiguredLayer], stored: StoredWeights) -> Iterator[str]:
    """Layers that bear one name, in the net and in the file."""
    places: dict[str, list[str]] = {}
    for step in steps:
        places.setdefault(step.layer.name, []).append(str(step.layer.where))
    for name, where in places.items():
        if len(where) > 1:
            yield f"layer {name!r} is in the net {len(where)} times ({', '.join(where)}): weights go to the first alone"
    if not stored.by_key:
        counts = Counter(layer.name for layer in stored.layers if layer.stored)
        for name, count in counts.items():
            if count > 1:
                yield f"layer {name!r} is in the weights {count} times: the last counts, as in Caffe"


def _fill_rest(
    steps: Sequence[ConfiguredLayer], account: Account, seed: int | None, max_memory: int | None
) -> list[ConfiguredLayer]:
    """Fill the layers that have no blobs yet as the prototxt says, but for blobs that an earlier layer owns; these."""
    lacking = [step for step in steps if step.key not in account.arrays]
    if not lacking:
        return lacking  # numpy.random, whose import takes longer than the rest of a load, stays out
    check_parameters(lacking, max_memory)
    random, owners = np.random.default_rng(seed), _owners(steps, account.arrays)
    for step in lacking:
        account.arrays[step.key] = _fill_layer(step, random, owners)
    return lacking


def _keys(steps: Sequence[ConfiguredLayer]) -> tuple[str, ...]:
    return tuple(step.key for step in steps)


def _owners(steps: Sequence[ConfiguredLayer], arrays: Mapping[str, tuple[Array, ...]]) -> dict[str, Array]:
    """The arrays of shared parameters by name."""
    return {
        name: array
        for step in steps
        for place, array in enumerate(arrays.get(step.key, ()))
        if (name := param_spec(step.layer, place).name)
    }


def _fill_layer(step: ConfiguredLayer, random: np.random.Generator, owners: dict[str, Array]) -> tuple[Array, ...]:
    """A layer's blobs by its fillers; a shared one is its owner's, and is noted down where there is no owner yet."""
    arrays = []
    for place, array in enumerate(fill_step(step, random)):
        name = param_spec(step.layer, place).name
        owner = owners.setdefault(name, array) if name else array
        arrays.append(owner.reshape(array.shape) if owner.size == array.size else array)
    return tuple(arrays)


def fill_all(plan: Plan, seed: int | None = None, max_memory: int | None = None) -> Matched:
    """Every blob filled as the prototxt says (Caffe's default where it names no filler: zeros), each layer noted.

    Raises:
        MemoryLimitError: they would take more bytes than `max_memory`; None: than 80 % of what is free.
    """
    account, steps = Account(), [step for step in plan.steps if step.operator.blobs]
    filled = _fill_rest(steps, account, seed, max_memory)
    return Matched(account.arrays, {}, tuple(map(_fill_note, filled)), _keys(filled))


def fill_step(step: ConfiguredLayer, random: np.random.Generator) -> tuple[Array, ...]:
    """A layer's blobs as its fillers make them, float32 in the shapes of `operator.blobs`."""
    fork = step.layer.dilation_fork
    try:
        return tuple(fill(blob.filler, blob.shape, random, dilation_fork=fork) for blob in step.operator.blobs)
    except ConversionError as error:
        error.message = f"layer {step.layer.name!r} ({step.layer.type}): {error.message}"
        error.path, error.line, error.layer = step.layer.where.path, step.layer.where.line, step.layer.name
        raise


def _fill_note(step: ConfiguredLayer) -> str:
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
        lines.append(f"missing from the file: {_shorten_list(missing)}")
    if unexpected:
        lines.append(f"in the file but not in the net: {_shorten_list(unexpected)}")
    if account.misshapen:
        lines.append(f"of another shape: {_shorten_list(account.misshapen)}")
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


def _shorten_list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown
