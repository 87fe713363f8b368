"""Stored weights fitted to a prototxt before they are written: every layer accounted for, in the net's shapes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from converter.errors import ShapeError, UnsupportedLayerError, UnsupportedParameterError, WeightsError
from converter.formats.protobuf.layer_definition import in_phase
from converter.formats.prototxt.parser import read_prototxt
from converter.formats.record import Record
from converter.formats.upgrade.upgrade import upgrade_net
from converter.formats.weights.stored import Array, StoredBlob, StoredLayer, StoredNet
from converter.net.names import blob_names
from converter.net.net import build_net
from converter.plan.plan import build_plan
from converter.plan.weights import assign


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights in the net's order, shapes and types; the net's layers; what a user should know."""

    net: StoredNet
    definitions: tuple[Record, ...]
    notes: tuple[str, ...]


def fit(
    stored: StoredNet,
    prototxt: str | os.PathLike[str],
    *,
    allow_unused: bool = False,
    allow_unknown: bool = False,
) -> Fitted:
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
    notes = _unused(stored, types, os.fspath(prototxt), allow_unused)
    name = str(record.last("name", "")) or stored.name
    typed = replace(stored, name=name, layers=tuple(_typed(layer, types) for layer in stored.layers))
    try:
        plan = build_plan(build_net(record, phase="test"), allow_unknown=allow_unknown)
    except (UnsupportedLayerError, UnsupportedParameterError, ShapeError) as error:
        if not allow_unknown and not isinstance(error, ShapeError):
            raise
        notes.append(f"shapes and missing layers were not checked, the net does not build: {error}")
        return Fitted(_ordered(typed, types, {}), layers, tuple(notes))
    arrays = assign(plan, typed, allow_unused=True).arrays
    return Fitted(_ordered(typed, types, arrays), layers, tuple(notes))


def _unused(stored: StoredNet, types: Mapping[str, str], prototxt: str, allowed: bool) -> list[str]:
    """Weights of layers that the net does not have would be lost: an error, or notes where that is allowed."""
    extra = tuple(name for name in stored.weighted() if name not in types)
    if extra and not allowed:
        names = ", ".join(map(repr, extra))
        text = f"layers that {prototxt} does not have: {names}; give the net they belong to, or --allow-unused"
        raise WeightsError(text, path=stored.path, layer=extra[0], unexpected=extra)
    return [f"layer '{name}' of the weights has no place in the net and was left out" for name in extra]


def _typed(layer: StoredLayer, types: Mapping[str, str]) -> StoredLayer:
    """The layer with the net's type, which names its blobs; names that a file stated stay, the usual two do not."""
    usual = layer.names == blob_names("", len(layer.stored))
    return replace(layer, type=types.get(layer.name, layer.type), names=() if usual else layer.names)


def _ordered(stored: StoredNet, types: Mapping[str, str], arrays: Mapping[str, tuple[Array, ...]]) -> StoredNet:
    """Layers with blobs in the net's order, blobs in the net's shapes where these are known."""
    weighted = stored.weighted()
    layers = [_shaped(weighted[name], arrays.get(name, ())) for name in types if name in weighted]
    return replace(stored, layers=tuple(layers))


def _shaped(layer: StoredLayer, arrays: tuple[Array, ...]) -> StoredLayer:
    """The layer with blobs of the shapes of `arrays`, if these are as many."""
    if len(arrays) != len(layer.stored):
        return layer
    blobs = zip(layer.stored, arrays, strict=True)
    return replace(
        layer, stored=tuple(StoredBlob(blob.array.reshape(like.shape), offset=blob.offset) for blob, like in blobs)
    )
