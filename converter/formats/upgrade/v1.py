"""Layers of the 2014 spelling (V1) rewritten in today's (V2), file order kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from converter.formats.protobuf.schema import fields
from converter.formats.record import Field, Record
from converter.formats.upgrade.type_names import FORK_V1_TYPES, V1_TYPES

_DATA_MESSAGES = {"DATA": "data_param", "IMAGE_DATA": "image_data_param", "WINDOW_DATA": "window_data_param"}
_TRANSFORMS = frozenset({"scale", "mean_file", "crop_size", "mirror"})
# Parallel lists of V1, and the ParamSpec field that each became.
_PARAM_LISTS = {"param": "name", "blob_share_mode": "share_mode", "blobs_lr": "lr_mult", "weight_decay": "decay_mult"}
_LAST = 1 << 30


def upgrade_transforms(net: Record) -> Record:
    """Scale, mean, crop and mirror of V1 data layers moved into transform_param (UpgradeNetDataTransformation)."""
    return _each_v1(net, _move_transforms)


def upgrade_v1(net: Record, notes: list[str]) -> Record:
    """A net with every V1 layer rewritten in V2 (src/caffe/util/upgrade_proto.cpp, UpgradeV1Net).

    Caffe refuses a net that holds both spellings; forks' files hold them, so they are kept, in file order, and noted. A
    type that Caffe does not list keeps its word (`ROI_POOLING`), unless it is one of a fork's (`FORK_V1_TYPES`).
    """
    if "layers" not in net:
        return net
    if "layer" in net:
        where = next(item.where for item in net.fields if item.name == "layers")
        notes.append(f"{where}: the net holds both 'layer' and 'layers'; Caffe refuses this, here file order counts")
    upgraded = _each_v1(net, _v2_layer)
    names = {"layers": "layer"}
    return upgraded.with_fields(replace(item, name=names.get(item.name, item.name)) for item in upgraded.fields)


def _each_v1(net: Record, change: Callable[[Record], Record]) -> Record:
    """The net with `change` applied to each V1 layer."""
    return net.with_fields(
        replace(item, value=change(item.value)) if item.name == "layers" and isinstance(item.value, Record) else item
        for item in net.fields
    )


def _move_transforms(layer: Record) -> Record:
    """One V1 layer, its data message's transformation fields in transform_param, over those that stand there."""
    name = _DATA_MESSAGES.get(str(layer.last("type")), "")
    data = layer.last(name)
    if not isinstance(data, Record):
        return layer
    moved = [item for item in data.fields if item.known and item.name in _TRANSFORMS]
    if not moved:
        return layer
    left = data.with_fields(item for item in data.fields if item not in moved)
    given = layer.last("transform_param")
    others = (
        [item for item in given.fields if item.name not in {new.name for new in moved}]
        if isinstance(given, Record)
        else []
    )
    transform = Record("TransformationParameter", moved[0].where, (*others, *moved))
    kept = (item for item in layer.fields if item.name not in ("transform_param", name))
    return layer.with_fields(
        [*kept, Field(name, left, data.where), Field("transform_param", transform, transform.where)]
    )


def _v2_layer(layer: Record) -> Record:
    """One layer in V2, its fields in the schema's order, unknown ones last."""
    numbers = fields("LayerParameter")
    moved = [_upgrade_type(item) for item in layer.fields if not (item.known and item.name in (*_PARAM_LISTS, "layer"))]
    found = [*moved, *_params(layer)]
    found.sort(key=lambda item: numbers[item.name].number if item.known and item.name in numbers else _LAST)
    return Record("LayerParameter", layer.where, tuple(found))


def _upgrade_type(item: Field) -> Field:
    """The type's word by its V2 name; every other field as it is."""
    if item.name != "type" or not item.known:
        return item
    word = str(item.value)
    number = fields("V1LayerParameter")["type"].values.get(word)
    return replace(item, value=FORK_V1_TYPES.get(word, word) if number is None else V1_TYPES[number])


def _params(layer: Record) -> Iterable[Field]:
    """One ParamSpec a blob, as many as the longest of the parallel lists."""
    columns = {
        new: [replace(item, name=new) for item in layer.fields if item.known and item.name == old]
        for old, new in _PARAM_LISTS.items()
    }
    for index in range(max(map(len, columns.values()))):
        entries = tuple(column[index] for column in columns.values() if index < len(column))
        where = entries[0].where
        yield Field("param", Record("ParamSpec", where, entries), where)
