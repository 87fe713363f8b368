"""Pairs stored blobs with a net's layers by name, shares those that carry a parameter's name, and checks their shapes.

Source: src/caffe/net.cpp (CopyTrainedLayersFrom, AppendParam) and src/caffe/blob.cpp (ShapeEquals).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reference.errors import WeightsError
from reference.files import read_stored
from reference.fillers import fill
from reference.keyed import stored_layers
from reference.layer import Array, Layer, Parameter
from reference.net import Net
from reference.params import Params
from reference.wire import Blob, StoredLayer

Weights = str | Path | Mapping[str, Sequence[ArrayLike]] | Mapping[str, NDArray[Any]]


def _key(layer: Layer, index: int) -> tuple[str, int]:
    specs = Params("layer", [layer.message], layer.where, layer.path).each("param", "param")
    name = specs[index].text("name") if index < len(specs) else ""
    return (f"shared {name}", -1) if name else (layer.name, index)


def _permissive(layer: Layer, index: int) -> bool:
    specs = Params("layer", [layer.message], layer.where, layer.path).each("param", "param")
    return index < len(specs) and specs[index].choice("share_mode") == "PERMISSIVE"


def _from_mapping(weights: Mapping[str, Any]) -> list[StoredLayer]:
    layers = []
    for name, blobs in weights.items():
        arrays = [np.asarray(blob) for blob in blobs]
        if any(array.dtype.kind not in "fiu" for array in arrays):
            raise WeightsError(f"layer {name!r}: a blob is no array of numbers; {[array.dtype for array in arrays]}")
        layers.append(StoredLayer(name, "", tuple(Blob(array, array.shape, legacy=False) for array in arrays)))
    return layers


class Store:
    """The weights at hand for one net; `blobs` hands a layer its own."""

    def __init__(self, net: Net, weights: Weights | None) -> None:
        self.path = str(weights) if isinstance(weights, str | Path) else None
        self.given = weights is not None
        stored: list[StoredLayer] = []
        if isinstance(weights, Mapping):
            by_key = any(isinstance(value, np.ndarray) for value in weights.values())
            stored = stored_layers(weights, net, None) if by_key else _from_mapping(weights)  # type: ignore[arg-type]
        elif weights is not None:
            stored = read_stored(weights, net)
        by_name = {layer.name: layer for layer in reversed(net.layers)}
        self.cells: dict[tuple[str, int], Blob | Array] = {}
        self.counts: dict[str, int] = {}
        for source in stored:
            if source.name in by_name:
                self._take(source, by_name[source.name])
        if any(layer.blobs for layer in stored) and not any(self.counts.values()):
            what = f"no layer of these weights is in the net {net.path}; they hold {stored[0].name!r} and others"
            raise WeightsError(what, path=self.path)

    def _take(self, source: StoredLayer, layer: Layer) -> None:
        self.counts[layer.name] = len(source.blobs)
        for index, blob in enumerate(source.blobs):
            self.cells[_key(layer, index)] = blob

    def error(self, layer: Layer, what: str) -> WeightsError:
        """An error about a layer's blobs, at the weight file where there is one."""
        return WeightsError(f"{layer.where}: {what}", path=self.path or layer.path, layer=layer.name)

    def blobs(self, layer: Layer, parameters: list[Parameter]) -> list[Array]:
        """The layer's blobs in Caffe's order, each of its parameter's shape, in their stored precision.

        Raises:
            WeightsError: a count or a shape that disagrees, a blob that is missing and that no filler can make again.
        """
        count = self.counts.get(layer.name)
        if count is not None and count != len(parameters):
            raise self.error(layer, f"the weights hold {count} blobs, the layer has {len(parameters)}")
        return [self._blob(layer, index, parameter) for index, parameter in enumerate(parameters)]

    def _blob(self, layer: Layer, index: int, parameter: Parameter) -> Array:
        key = _key(layer, index)
        if key not in self.cells:
            if self.given and index == 0 and not parameter.filler.entries and layer.name not in self.counts:
                raise self.error(layer, "the weights hold no such layer, and its first blob names no filler")
            self.cells[key] = fill(parameter)
        cell = self.cells[key]
        loose = _permissive(layer, index)
        value = self._fitted(cell, layer, index, parameter.shape, loose) if isinstance(cell, Blob) else cell
        if value.shape != parameter.shape:
            if not (loose and value.size == np.prod(parameter.shape)):
                raise self._misfit(layer, index, value.shape, parameter.shape)
            return value.reshape(parameter.shape)
        self.cells[key] = value
        return value

    def _fitted(self, blob: Blob, layer: Layer, index: int, shape: tuple[int, ...], loose: bool) -> Array:
        if blob.legacy:
            padded = (1,) * (4 - len(shape)) + shape
            fits = len(shape) <= 4 and padded == blob.shape
        else:
            fits = blob.shape == shape
        if not fits and not (loose and blob.data.size == np.prod(shape)):
            raise self._misfit(layer, index, blob.shape, shape)
        return blob.data.reshape(shape)

    def _misfit(self, layer: Layer, index: int, seen: tuple[int, ...], expected: tuple[int, ...]) -> WeightsError:
        return self.error(layer, f"blob {index} has shape {seen}; the net wants {expected}")
