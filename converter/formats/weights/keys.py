"""Keys of files that hold blobs by name, `<layer>.<blob>`: gathered by layer, in the order that our files record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from converter.errors import CaffemodelError
from converter.files.json_text import parse_json
from converter.files.mapping import Mapped
from converter.formats.weights.stored import StoredBlob, StoredLayer, StoredWeights

_PREFIX = "module."
"""What torch.nn.DataParallel puts before every key of its module."""


def weights_by_key(
    path: str, blobs: Mapping[str, StoredBlob], metadata: Mapping[str, str], file: Mapped | None = None
) -> StoredWeights:
    """The weights of a file that holds blobs by key; a DataParallel's `module.` is taken off, and noted.

    Raises:
        CaffemodelError: there are no blobs, or the metadata names other blobs than there are.
    """
    if not blobs:
        raise CaffemodelError("holds no blobs; save module.state_dict() of a module that has weights", path=path)
    notes: tuple[str, ...] = ()
    if all(key.startswith(_PREFIX) and "." in key[len(_PREFIX) :] for key in blobs):
        blobs = {key[len(_PREFIX) :]: blob for key, blob in blobs.items()}
        notes = ("keys began with 'module.', as DataParallel writes them; it was taken off",)
    layers = group_by_layer(path, blobs, metadata)
    return StoredWeights(path, metadata.get("net", ""), layers, file, metadata, by_key=True, notes=notes)


def by_key(weights: StoredWeights) -> dict[str, StoredBlob]:
    """The blobs of weights that are held by key, each under its key, in the layers' order."""
    return {
        f"{layer.name}.{name}": blob
        for layer in weights.layers_with_blobs().values()
        for name, blob in zip(layer.names, layer.stored, strict=True)
    }


def layer_metadata(weights: StoredWeights) -> dict[str, str]:
    """The names of each layer's blobs and the layers' types, which the way back to Caffe needs.

    Names stand in Caffe's order where the type is known; the type's class orders them, not this table.
    """
    layers = weights.layers_with_blobs().values()
    order = {layer.name: list(layer.names) for layer in layers}
    types = {layer.name: layer.type for layer in layers if layer.type}
    return {"blob_order": json.dumps(order), "layer_types": json.dumps(types)}


def group_by_layer(path: str, blobs: Mapping[str, StoredBlob], metadata: Mapping[str, str]) -> tuple[StoredLayer, ...]:
    """Blobs gathered by their keys' first parts, which end at the last dot; a key without one is a layer's `weight`.

    Layers and blobs stand in the metadata's order where it names them, else in the file's.

    Raises:
        CaffemodelError: the metadata names other blobs than there are.
    """
    order, types = table(metadata, "blob_order"), table(metadata, "layer_types")
    found: dict[str, dict[str, StoredBlob]] = {}
    for key, blob in blobs.items():
        layer, dot, name = key.rpartition(".")
        found.setdefault(layer if dot else name, {})[name if dot else "weight"] = blob
    layers = []
    for layer in [*(name for name in order if name in found), *(name for name in found if name not in order)]:
        names = order.get(layer)
        names = list(map(str, names)) if isinstance(names, list) else list(found[layer])
        if sorted(names) != sorted(found[layer]):
            text = f"layer '{layer}' has blobs {sorted(found[layer])}, its metadata says {names}; convert it again"
            raise CaffemodelError(text, path=path, layer=layer)
        stored = tuple(found[layer][name] for name in names)
        layers.append(StoredLayer(layer, str(types.get(layer, "")), stored=stored, names=tuple(names)))
    return tuple(layers)


def table(metadata: Mapping[str, str], name: str) -> dict[str, Any]:
    """A JSON table of the metadata, empty where there is none that reads."""
    try:
        found = parse_json(metadata.get(name, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
