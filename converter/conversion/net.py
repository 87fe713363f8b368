"""Weights matched to a prototxt before they are written: every layer accounted for, in the net's order and shapes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from converter.conversion.prepare import PreparedWeights
from converter.errors import ShapeError, UnsupportedLayerError, UnsupportedParameterError, WeightsError
from converter.formats.protobuf.layer_definition import in_phase
from converter.formats.prototxt.parser import read_prototxt
from converter.formats.record import Record
from converter.formats.upgrade.upgrade import upgrade_net
from converter.formats.weights.stored import StoredBlob, StoredLayer, StoredWeights
from converter.net.net import build_net
from converter.plan.layer_blobs import with_arrays
from converter.plan.plan import Plan, build_plan
from converter.plan.stored_names import blob_counts, by_layer
from converter.plan.weights import Matched, match


def matched_to_net(
    stored: StoredWeights,
    prototxt: str | os.PathLike[str],
    *,
    stages: Sequence[str] = (),
    level: int = 0,
    allow_unused: bool = False,
    allow_unknown: bool = False,
) -> PreparedWeights:
    """The weights as the net at `prototxt` names, orders and shapes them.

    Shapes are checked against the net in its TEST phase, with these stages and this level; where an input's size is not
    stated, or where `allow_unknown` admits unknown layers or fields, a note says so, and only names are checked.
    `allow_unused`: layers that the net does not have are left out and noted.

    Raises:
        PrototxtError: the text does not read.
        GraphError: its layers do not connect, or none is left.
        UnsupportedLayerError, UnsupportedParameterError: the net has unknown layers or fields.
        WeightsError: a layer of the file is not in the net, one of the net is not in the file, or has other shapes.
    """
    record = upgrade_net(read_prototxt(prototxt))
    net = build_net(record, phase="test", stages=stages, level=level)
    layers = tuple(in_phase(layer) for layer in record.all("layer") if isinstance(layer, Record))
    types = {str(layer.last("name", "")): str(layer.last("type", "")) for layer in layers}
    stored = replace(stored, name=str(record.last("name", "")) or stored.name)
    held = by_layer(stored, types)
    notes = [
        *stored.notes,
        *_check_unused(stored.path, [name for name in held if name not in types], prototxt, allow_unused),
    ]
    try:
        plan = build_plan(net, allow_unknown=allow_unknown, stored_blobs=blob_counts(stored))
    except (UnsupportedLayerError, UnsupportedParameterError, ShapeError) as error:
        if not allow_unknown and not isinstance(error, ShapeError):
            raise
        notes.append(f"shapes and missing layers were not checked, the net does not build: {error}")
        return PreparedWeights(_in_order(stored, held, types, {}), layers, tuple(notes))
    bare = [step.layer.name for step in plan.steps if step.layer.name in held and not step.operator.blobs]
    notes += _check_unused(stored.path, bare, prototxt, allow_unused)
    held = {name: layer for name, layer in held.items() if name not in bare}
    matched = _matched_layers(plan, held, types, match(plan, stored, allow_unused=True))
    return PreparedWeights(_in_order(stored, held, types, matched), layers, tuple(notes))


def _check_unused(path: str, extra: Sequence[str], prototxt: str | os.PathLike[str], allowed: bool) -> list[str]:
    """Weights that have no place in the net would be lost: an error, or notes where that is allowed.

    Raises:
        WeightsError: there are some, and it is not allowed.
    """
    if extra and not allowed:
        text = f"layers that have no blobs in {os.fspath(prototxt)}: {', '.join(map(repr, extra))}"
        advice = "give the net they belong to, or --allow-unused"
        raise WeightsError(f"{text}; {advice}", path=path, layer=extra[0], unexpected=tuple(extra))
    return [f"layer '{name}' of the weights has no place in the net and was left out" for name in extra]


def _in_order(
    stored: StoredWeights, held: Mapping[str, StoredLayer], types: Mapping[str, str], matched: Mapping[str, StoredLayer]
) -> StoredWeights:
    """The weights under Caffe's layer names, in the net's order, with its types; `matched` layers as the net has them.

    The others belong to another phase than was built, or to a net that could not be built: they stay as they are.
    """
    layers = [
        matched.get(name, replace(held[name], name=name, type=kind)) for name, kind in types.items() if name in held
    ]
    return replace(stored, layers=tuple(layers), by_key=False)


def _matched_layers(
    plan: Plan, held: Mapping[str, StoredLayer], types: Mapping[str, str], found: Matched
) -> dict[str, StoredLayer]:
    """The layers of the plan in the net's shapes; blobs whose bytes are the file's keep their place in it."""
    layers = {}
    for step in plan.steps:
        name = step.key
        if name in held and step.operator.blobs:
            names = tuple(blob.name for blob in step.operator.blobs)
            layers[name] = _matched_layer(replace(held[name], name=name, type=types[name]), names, found)
    return layers


def _matched_layer(layer: StoredLayer, names: tuple[str, ...], found: Matched) -> StoredLayer:
    """One layer, whole: by key where the file is in a state dict's terms, else by position."""
    arrays = found.states.get(layer.name) or found.arrays[layer.name]
    given = {blob.array.ctypes.data: blob for blob in layer.stored if blob.size}
    blobs = [given.get(array.ctypes.data, StoredBlob(array)) for array in arrays]
    stored = tuple(replace(blob, legacy=False) for blob in with_arrays(blobs, arrays))
    return replace(layer, stored=stored, names=names if layer.name in found.states else ())
