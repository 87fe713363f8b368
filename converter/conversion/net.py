"""Weights matched to a prototxt before they are written: every layer accounted for, in the net's order and shapes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from converter.conversion.prepare import Prepared, named
from converter.errors import ShapeError, UnsupportedLayerError, UnsupportedParameterError, WeightsError
from converter.formats.protobuf.layer_definition import in_phase
from converter.formats.prototxt.parser import read_prototxt
from converter.formats.record import Record
from converter.formats.upgrade.upgrade import upgrade_net
from converter.formats.weights.stored import StoredBlob, StoredLayer, StoredWeights
from converter.net.net import build_net
from converter.plan.layer_blobs import converted
from converter.plan.plan import Plan, build_plan
from converter.plan.weights import Matched, layer_names, match


def matched_to_net(
    stored: StoredWeights,
    prototxt: str | os.PathLike[str],
    *,
    allow_unused: bool = False,
    allow_unknown: bool = False,
) -> Prepared:
    """The weights as the net at `prototxt` names, orders and shapes them.

    Shapes are checked against the net in its TEST phase; where an input's size is not stated, or where
    `allow_unknown` admits layers that nobody registered and fields that nobody reads, a note says so, and names alone
    are checked. `allow_unused`: layers that the net does not have are left out and noted.

    Raises:
        PrototxtError: the text does not read.
        UnsupportedLayerError, UnsupportedParameterError: the net has layers or fields that nobody knows.
        WeightsError: a layer of the file is not in the net, one of the net is not in the file, or has other shapes.
    """
    record = upgrade_net(read_prototxt(prototxt))
    layers = tuple(in_phase(layer) for layer in record.all("layer") if isinstance(layer, Record))
    types = {str(layer.last("name", "")): str(layer.last("type", "")) for layer in layers}
    notes = [*stored.notes, *_unused(stored, types, os.fspath(prototxt), allow_unused)]
    stored = replace(stored, name=str(record.last("name", "")) or stored.name)
    counts = {name: len(layer.stored) for key, layer in stored.weighted().items() for name in _names(stored, key)}
    try:
        plan = build_plan(build_net(record, phase="test"), allow_unknown=allow_unknown, stored_blobs=counts)
    except (UnsupportedLayerError, UnsupportedParameterError, ShapeError) as error:
        if not allow_unknown and not isinstance(error, ShapeError):
            raise
        notes.append(f"shapes and missing layers were not checked, the net does not build: {error}")
        return Prepared(_typed(named(stored), types), layers, tuple(notes))
    weights = _in_order(plan, stored, match(plan, stored, allow_unused=True), types)
    return Prepared(weights, layers, tuple(notes))


def _names(stored: StoredWeights, key: str) -> tuple[str, ...]:
    """The names that a stored layer may bear in a net."""
    return layer_names(key) if stored.by_key else (key,)


def _unused(stored: StoredWeights, types: Mapping[str, str], prototxt: str, allowed: bool) -> list[str]:
    """Weights of layers that the net does not have would be lost: an error, or notes where that is allowed."""
    extra = tuple(
        _names(stored, key)[0] for key in stored.weighted() if not any(name in types for name in _names(stored, key))
    )
    if extra and not allowed:
        text = f"layers that {prototxt} does not have: {', '.join(map(repr, extra))}"
        advice = "give the net they belong to, or --allow-unused"
        raise WeightsError(f"{text}; {advice}", path=stored.path, layer=extra[0], unexpected=extra)
    return [f"layer '{name}' of the weights has no place in the net and was left out" for name in extra]


def _typed(weights: StoredWeights, types: Mapping[str, str]) -> StoredWeights:
    """Layers that the net has, in its order, with its types."""
    held = weights.weighted()
    layers = [replace(held[name], type=kind) for name, kind in types.items() if name in held]
    return replace(weights, layers=tuple(layers))


def _in_order(plan: Plan, stored: StoredWeights, found: Matched, types: Mapping[str, str]) -> StoredWeights:
    """The matched layers in the net's order and shapes; blobs whose bytes are the file's keep their place in it."""
    held = {name: layer for key, layer in stored.weighted().items() for name in _names(stored, key)}
    wanted = {step.layer.name: step for step in plan.steps if step.operator.blobs}
    layers = []
    for name, kind in types.items():
        layer = held.get(name)
        if layer is None:
            continue
        if name not in found.arrays or name not in wanted:
            layers.append(replace(layer, name=name, type=kind))
            continue
        names = [blob.name for blob in wanted[name].operator.blobs]
        layers.append(_matched_layer(replace(layer, name=name, type=kind), names, found))
    return replace(stored, layers=tuple(layers), by_key=False)


def _matched_layer(layer: StoredLayer, names: list[str], found: Matched) -> StoredLayer:
    """One layer, without blobs another owns: by key where the file is in a state dict's terms, else by position."""
    arrays = found.states.get(layer.name) or found.arrays[layer.name]
    given = {blob.array.ctypes.data: blob for blob in layer.stored if blob.array.size}
    kept = [(name, array) for name, array in zip(names, arrays, strict=True) if array.size or len(arrays) == 1]
    blobs = [given.get(array.ctypes.data, StoredBlob(array)) for _, array in kept]
    stored = tuple(replace(blob, legacy=False) for blob in converted(blobs, [array for _, array in kept]))
    by_name = layer.name in found.states or len(kept) < len(arrays)
    return replace(layer, stored=stored, names=tuple(name for name, _ in kept) if by_name else ())
