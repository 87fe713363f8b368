"""Blobs that a file holds by key, `<layer>.<blob>`: gathered by the net's layers and put into Caffe's order.

Which names a type's blobs have stands in the type's own file (`BLOBS`, and `OLDER_BLOBS` for names that mean Caffe's
numbers as they are); `blob0`, `blob1`, … name Caffe's blobs in every type. Nothing is guessed: a key that no blob has
is refused.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.errors import WeightsError
from reference.layer import Layer
from reference.net import Net
from reference.wire import Blob, StoredLayer

Arrays = Mapping[str, NDArray[np.generic]]

_USUAL = ("weight", "bias")
_SPELLED_OUT = re.compile(r'[%."\\\x00-\x1f\x7f-\x9f\ud800-\udfff]')


def stored_layers(arrays: Arrays, net: Net, path: str | None) -> list[StoredLayer]:
    """Arrays by key -> the net's layers that they belong to, each with its blobs in Caffe's order and terms.

    Raises:
        WeightsError: a key that fits no layer, or two; a key that names no blob of its layer; two keys for one blob.
    """
    spellings: dict[str, list[Layer]] = {}
    for layer in {one.name: one for one in reversed(net.layers)}.values():
        for spelling in _spellings(layer.name):
            spellings.setdefault(spelling, []).append(layer)
    found: dict[str, dict[str, NDArray[np.generic]]] = {}
    layers: dict[str, Layer] = {}
    for key, array in arrays.items():
        front, _, name = key.rpartition(".")
        front, name = (front, name) if front else (name, "weight")
        fitting = spellings.get(front, [])
        if len(fitting) != 1:
            names = " and ".join(repr(one.name) for one in fitting) or "none"
            raise WeightsError(f"key {key!r} fits {len(fitting)} layers of the net: {names}; expected one", path=path)
        layers[fitting[0].name] = fitting[0]
        if name in found.setdefault(fitting[0].name, {}):
            raise WeightsError(f"key {key!r}: another key names the same blob", path=path, layer=fitting[0].name)
        found[fitting[0].name][name] = array
    return [_layer(layers[name], blobs, path) for name, blobs in found.items()]


def _spellings(name: str) -> set[str]:
    """What stands in a key for a layer: bytes spelled out, an underscore more where Python or PyTorch own the name."""
    spelled = _SPELLED_OUT.sub(_percent, name) or "%00"
    older = name.replace("%", "%25").replace(".", "%2E") or "%00"
    return {spelled, f"{spelled}_", older}


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "surrogateescape"))


def _layer(layer: Layer, blobs: Mapping[str, NDArray[np.generic]], path: str | None) -> StoredLayer:
    module = importlib.import_module(f"reference.layers.{layer.type.lower()}")
    usual = tuple(getattr(module, "BLOBS", _USUAL))
    older = tuple(getattr(module, "OLDER_BLOBS", usual))
    numbers = tuple(f"blob{index}" for index in range(100))
    tables = [(*table, *numbers[len(table) :]) for table in (usual, older, ())]
    fitting = [names for names in tables if all(name in names for name in blobs)]
    if not fitting:
        stranger = next((name for name in blobs if name not in tables[0]), next(iter(blobs)))
        text = f"{layer.where}: key {layer.name}.{stranger} names none of its blobs, {', '.join(usual)}"
        raise WeightsError(f"{text}; expected these alone", path=path, layer=layer.name)
    names, in_state = fitting[0], fitting[0] is tables[0]
    places = sorted((names.index(name), name) for name in blobs)
    if [place for place, _ in places] != list(range(len(places))):
        text = f"{layer.where}: only {', '.join(blobs)} of its blobs are in the file; expected all"
        raise WeightsError(text, path=path, layer=layer.name)
    arrays: list[NDArray[Any]] = [np.asarray(blobs[name]) for _, name in places]
    to_caffe = getattr(module, "from_state", None)
    if in_state and to_caffe is not None:
        arrays = to_caffe([array.astype(np.float64) for array in arrays])
    return StoredLayer(layer.name, layer.type, tuple(_blob(layer, array, path) for array in arrays))


def _blob(layer: Layer, array: NDArray[Any], path: str | None) -> Blob:
    if array.dtype.kind not in "fiu":
        raise WeightsError(f"{layer.where}: a blob is no array of numbers but of {array.dtype}", path=path)
    return Blob(array, array.shape, legacy=False)
