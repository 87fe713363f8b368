"""Arrays by key, `<layer>.<blob>` -> the net's layers, each with its blobs in Caffe's order and terms.

A layer's name stands escaped in a key (reference.names.escape), with an underscore more where Python or PyTorch own
it; which names they own is not asked here: a key is held against the net's layers. A type's blob names stand in the
type's own file (`BLOBS`; `OLDER_BLOBS` where other names mean Caffe's numbers as they are); `blob0`, `blob1`, … name
Caffe's blobs of every type. Nothing is guessed: a key that fits no blob, or two, is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference import registry
from reference.errors import WeightsError
from reference.layer import Layer
from reference.names import escape
from reference.net import Net
from reference.stored import Blob, StoredLayer

Group = dict[str, NDArray[Any]]

_MOST_BLOBS = 100


def match_keys(arrays: Mapping[str, NDArray[Any]], net: Net, path: str | None) -> list[StoredLayer]:
    """Arrays by key -> the net's layers that they belong to, in net order.

    Raises:
        WeightsError: a key that fits no layer with blobs, or two; a key that names no blob of its layer; a blob of a
            layer that is missing before others; an array that holds no numbers.
    """
    layers = _layers_with_blobs(net)
    behind = {escape(name) + end for name in net.left_out for end in ("", "_")}
    own = {escape(name) + end for name in layers for end in ("", "_")}
    groups = {front: group for front, group in _groups(arrays).items() if front not in behind - own}
    fitting: dict[str, list[str]] = {front: [] for front in groups}
    for name in layers:
        for spelling in (escape(name), f"{escape(name)}_"):
            fitting.get(spelling, []).append(name)
    fronts: dict[str, str] = {}
    # What fits one layer comes first: of the layers `loss` and `loss_` the key `loss__` can only be the second's, and
    # then `loss_` must be the first's.
    while fitting:
        front = min(fitting, key=lambda one: abs(len(fitting[one]) - 1))
        names = fitting.pop(front)
        if len(names) != 1:
            raise _mismatch_error(front, groups[front], names, net, path)
        fronts[names[0]] = front
        for others in fitting.values():
            if names[0] in others:
                others.remove(names[0])
    return [_stored_layer(layers[name], fronts[name], groups[fronts[name]], path) for name in layers if name in fronts]


def _groups(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Group]:
    """What stands before a key's last dot -> the arrays by what stands behind it; a key without a dot is a weight."""
    groups: dict[str, Group] = {}
    for key, array in arrays.items():
        front, dot, name = key.rpartition(".")
        groups.setdefault(front if dot else name, {})[name if dot else "weight"] = array
    return groups


def _layers_with_blobs(net: Net) -> dict[str, Layer]:
    """The first layer of each name (the one that Caffe copies to) whose type has blobs."""
    first: dict[str, Layer] = {}
    for layer in net.layers:
        operator = registry.find(layer.type)
        if operator is not None and operator.parameters is not None:
            first.setdefault(layer.name, layer)
    return first


def _mismatch_error(front: str, group: Group, fitting: Sequence[str], net: Net, path: str | None) -> WeightsError:
    key = f"{front}.{next(iter(group))}"
    if fitting:
        text = f"key {key!r} fits the layers {' and '.join(map(repr, fitting))} alike; expected one, so rename a layer"
        return WeightsError(text, path=path, layer=fitting[0])
    owner = next((layer for layer in net.layers if front in (escape(layer.name), f"{escape(layer.name)}_")), None)
    reason = "is of no layer of the net" if owner is None else f"is not of {owner.where}, which has no such blobs"
    return WeightsError(f"key {key!r} {reason} {net.path}; expected keys of its layers alone", path=path)


def _stored_layer(layer: Layer, front: str, group: Group, path: str | None) -> StoredLayer:
    """One layer's arrays in Caffe's order and terms."""
    operator = registry.find(layer.type)
    assert operator is not None
    names, in_state = _table_of(group, operator, layer, front, path)
    ordered = sorted(group, key=names.index)
    for place, name in enumerate(ordered):
        if names[place] != name:
            held = ", ".join(f"{front}.{one}" for one in ordered)
            what = f"{layer.where}: there is no key '{front}.{names[place]}', but {held}; expected every blob"
            raise WeightsError(what, path=path, layer=layer.name)
        if np.asarray(group[name]).dtype.kind not in "fiu":
            what = f"{layer.where}: key '{front}.{name}' holds {np.asarray(group[name]).dtype}; expected numbers"
            raise WeightsError(what, path=path, layer=layer.name)
    blobs = [np.asarray(group[name]) for name in ordered]
    if in_state and operator.from_state is not None:
        blobs = operator.from_state(blobs)
    return StoredLayer(layer.name, layer.type, tuple(Blob(blob, blob.shape) for blob in blobs), names=tuple(ordered))


def _table_of(
    group: Group, operator: registry.Operator, layer: Layer, front: str, path: str | None
) -> tuple[tuple[str, ...], bool]:
    """The one table that has all names of a group, and whether it is the state_dict's."""
    numbers = tuple(f"blob{index}" for index in range(_MOST_BLOBS))
    tables = [(*names, *numbers[len(names) :]) for names in (operator.blobs, operator.older_blobs, ())]
    for table in tables:
        if set(group) <= set(table):
            return table, table is tables[0]
    stranger = next((name for name in group if name not in tables[0]), next(iter(group)))
    what = f"{layer.where}: key '{front}.{stranger}' names none of its blobs"
    raise WeightsError(f"{what}; expected {', '.join(operator.blobs)}", path=path, layer=layer.name)
