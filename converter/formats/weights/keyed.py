"""Blobs by state_dict key, and back into layers: what the formats share that know keys, not layers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from converter.errors import CaffemodelError
from converter.formats.weights.stored import StoredBlob, StoredLayer, StoredNet
from converter.net.names import blob_names, key, split_key


def keyed(net: StoredNet) -> dict[str, StoredBlob]:
    """A net's blobs by state_dict key, in the shapes a net expects (see `StoredBlob.natural`)."""
    blobs: dict[str, StoredBlob] = {}
    for layer in net.weighted().values():
        for name, blob, array in zip(_names(layer), layer.stored, layer.blobs, strict=True):
            blobs[key(layer.name, name)] = StoredBlob(array, offset=blob.offset)
    return blobs


def order_metadata(net: StoredNet) -> dict[str, str]:
    """What `layers_of` needs to find a net's layers, the order of their blobs and their types again."""
    layers = net.weighted().values()
    order = {layer.name: _names(layer) for layer in layers}
    types = {layer.name: layer.type for layer in layers if layer.type}
    return {"blob_order": json.dumps(order), "layer_types": json.dumps(types)}


def layers_of(path: str, blobs: Mapping[str, StoredBlob], metadata: Mapping[str, str]) -> tuple[StoredLayer, ...]:
    """Blobs gathered by layer: in the metadata's order, and by their names where it says nothing.

    Raises:
        CaffemodelError: the metadata names other blobs than there are.
    """
    order, types = table(metadata, "blob_order"), table(metadata, "layer_types")
    found: dict[str, dict[str, StoredBlob]] = {}
    for name, blob in blobs.items():
        layer, blob_name = split_key(name)
        found.setdefault(layer, {})[blob_name] = blob
    layers = []
    for layer in [*(name for name in order if name in found), *(name for name in found if name not in order)]:
        names = order.get(layer)
        names = list(map(str, names)) if isinstance(names, list) else _ordered(list(found[layer]))
        if sorted(names) != sorted(found[layer]):
            text = f"layer '{layer}' has blobs {sorted(found[layer])}, its metadata says {names}; convert it again"
            raise CaffemodelError(text, path=path, layer=layer)
        stored = tuple(found[layer][name] for name in names)
        layers.append(StoredLayer(layer, str(types.get(layer, "")), stored=stored, names=tuple(names)))
    return tuple(layers)


def _names(layer: StoredLayer) -> Sequence[str]:
    """The names of a layer's blobs: the file's own, else those of its type."""
    return layer.names or blob_names(layer.type, len(layer.stored))


def _ordered(names: list[str]) -> list[str]:
    """Blob names in Caffe's order, names it does not know last."""
    first = [*blob_names("BatchNorm", 3), *blob_names("", len(names) + 2)]
    return sorted(names, key=lambda name: first.index(name) if name in first else len(first))


def table(metadata: Mapping[str, str], name: str) -> dict[str, Any]:
    """A JSON table of the metadata, empty where there is none that reads."""
    try:
        found = json.loads(metadata.get(name, "{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
