"""Stored blobs into a net's layers as Caffe copies them, shared by parameter name, their shapes checked.

Source: src/caffe/net.cpp (CopyTrainedLayersFrom, AppendParam) and src/caffe/blob.cpp (ShapeEquals).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reference import registry
from reference.errors import WeightsError
from reference.files import read_files
from reference.fillers import fill
from reference.keys import match_keys
from reference.layer import Array, Layer, Parameter
from reference.names import escape
from reference.net import Net
from reference.params import Params
from reference.stored import Arrays, Blob, StoredLayer

Weights = str | Path | Mapping[str, Sequence[ArrayLike]] | Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Nonfinite:
    """A stored blob of which `count` of `size` numbers are NaN or infinite; `blob` is its name, or blob0, blob1, …."""

    layer: str
    blob: str
    count: int
    size: int


def count_nonfinite(net: Net, weights: Weights) -> tuple[Nonfinite, ...]:
    """Every stored blob that holds NaN or an infinity, in the file's order, layers that the net lacks included.

    Raises:
        OracleError: the weights do not read, or hold keys that are not the net's.
    """
    found = []
    for layer in read_layers(net, weights):
        for index, blob in enumerate(layer.blobs):
            count = int(blob.data.size - np.isfinite(blob.data).sum())
            if count:
                found.append(Nonfinite(layer.name, _blob_name(net, layer, index), count, int(blob.data.size)))
    return tuple(found)


def _blob_name(net: Net, layer: StoredLayer, index: int) -> str:
    if layer.names:
        return layer.names[index]
    place = layer.places[index] if layer.places else index
    kind = layer.type or next((one.type for one in net.layers if one.name == layer.name), "")
    operator = registry.find(kind)
    names = operator.blobs if operator is not None else ()
    return names[place] if place < len(names) else f"blob{place}"


def read_layers(net: Net, weights: Weights) -> list[StoredLayer]:
    """Every stored layer of the weights, in the order in which Caffe copies them.

    Raises:
        OracleError: the weights do not read, or hold keys that are not the net's.
    """
    path = None if isinstance(weights, Mapping) else str(weights)
    if not isinstance(weights, Mapping):
        sources = read_files(weights)
    elif any(isinstance(value, np.ndarray) for value in weights.values()):
        sources = iter([{key: np.asarray(value) for key, value in weights.items()}])
    else:
        sources = iter([_from_lists(weights)])
    return [layer for source in sources for layer in _layers(source, net, path)]


def _layers(source: list[StoredLayer] | Arrays, net: Net, path: str | None) -> list[StoredLayer]:
    return match_keys(source, net, path) if isinstance(source, dict) else source


def _from_lists(weights: Mapping[str, Any]) -> list[StoredLayer]:
    layers = []
    for name, blobs in weights.items():
        arrays = [np.asarray(blob) for blob in blobs]
        if any(array.dtype.kind not in "fiu" for array in arrays):
            raise WeightsError(f"layer {name!r}: a blob is no array of numbers; {[array.dtype for array in arrays]}")
        layers.append(StoredLayer(name, "", tuple(Blob(array, array.shape) for array in arrays)))
    return layers


class Store:
    """The blobs of one net's layers: the weights' where they hold them, else the fillers'.

    Layers are meant by their position in the net: of two layers of one name Caffe copies to the first alone.

    Args:
        net: the net.
        weights: path or mapping, see `reference.run`; None fills every blob.
        filled: blobs of layers that the weights lack, by the layer's name and how many before it bear that name.

    Raises:
        WeightsError: weights of which no layer is in the net, or keys that are not the net's.
        WireError: a file that does not read.
    """

    def __init__(
        self,
        net: Net,
        weights: Weights | None,
        filled: Mapping[tuple[str, int], Sequence[ArrayLike]] | None = None,
    ) -> None:
        self.net = net
        self.path = str(weights) if isinstance(weights, str | Path) else None
        self.given = weights is not None
        self.positions = {layer.name: at for at, layer in reversed([*enumerate(net.layers)])}
        self.sources: dict[int, StoredLayer] = {}
        self.values: dict[tuple[str | int, int], Blob | Array] = {}
        stored = [] if weights is None else read_layers(net, weights)
        for layer in stored:
            if layer.name in self.positions:
                self._take(layer, self.positions[layer.name])
        if any(layer.blobs for layer in stored) and not any(layer.blobs for layer in self.sources.values()):
            held = next(layer.name for layer in stored if layer.blobs)
            what = f"no layer of these weights is in the net {net.path}; they hold {held!r} and others"
            raise WeightsError(what, path=self.path)
        self.filled_counts: dict[int, int] = {}
        counts: dict[str, int] = {}
        for position, one in enumerate(net.layers):
            repeat = counts.get(one.name, 0)
            counts[one.name] = repeat + 1
            self._take_filled(position, (filled or {}).get((one.name, repeat), ()))

    def _take_filled(self, position: int, given: Sequence[ArrayLike]) -> None:
        if given:
            self.filled_counts[position] = len(given)
        for index, blob in enumerate(map(np.asarray, given)):
            self.values.setdefault(self._key(position, index), Blob(blob, blob.shape))

    def _take(self, source: StoredLayer, position: int) -> None:
        """Blobs of a shared parameter go to one place: of several copies the last in the file counts, as in Caffe."""
        source = _in_current_order(source, self.net.layers[position])
        self.sources[position] = source
        for index, blob in zip(source.places or range(len(source.blobs)), source.blobs, strict=True):
            self.values[self._key(position, index)] = blob

    def _key(self, position: int, index: int) -> tuple[str | int, int]:
        name = _param_spec(self.net.layers[position], index).text("name")
        return (name, -1) if name else (position, index)

    def count(self, position: int) -> int | None:
        """How many blobs the weights hold for the layer at a position; None where they do not have all of it."""
        source = self.sources.get(position)
        if source is None:
            return self.filled_counts.get(position)
        return None if source.places != tuple(range(len(source.places))) else len(source.blobs)

    def blobs(self, position: int, parameters: list[Parameter]) -> list[Array]:
        """A layer's blobs in Caffe's order, each of its parameter's shape, in their stored precision.

        Raises:
            WeightsError: a count or a shape that disagrees, a blob that is missing and that no filler can make again.
        """
        source = self.sources.get(position)
        if source is not None:
            self._check_count(position, source, len(parameters))
            for index, blob in zip(source.places or range(len(source.blobs)), source.blobs, strict=True):
                self._fit(blob, position, index, parameters[index].shape)
        return [self._blob(position, index, parameter) for index, parameter in enumerate(parameters)]

    def _check_count(self, position: int, source: StoredLayer, count: int) -> None:
        """Every blob is stored, but for those that HDF5 leaves to the layer that owns the shared parameter."""
        if source.places:
            absent = [index for index in range(count) if index not in source.places]
            missing = [index for index in absent if self._key(position, index)[1] != -1]
            if missing or source.places[-1] >= count:
                held = ", ".join(map(str, source.places))
                raise self.error(position, f"the weights hold blobs {held}; the layer has {count}")
        elif len(source.blobs) != count:
            told = f" ({', '.join(source.names)})" if source.names else ""
            raise self.error(position, f"the weights hold {len(source.blobs)} blobs{told}, the layer has {count}")

    def _blob(self, position: int, index: int, parameter: Parameter) -> Array:
        key = self._key(position, index)
        if key not in self.values:
            self._check_filled(position, index, parameter)
            self.values[key] = fill(parameter, self.net.dilation_fork)
        value = self.values[key]
        if isinstance(value, Blob):
            value = self._fit(value, position, index, parameter.shape)
        if value.shape != parameter.shape:
            if not (self._permissive(position, index) and value.size == math.prod(parameter.shape)):
                raise self._misfit(position, index, value.shape, parameter.shape)
            return value.reshape(parameter.shape)
        self.values[key] = value
        return value

    def _check_filled(self, position: int, index: int, parameter: Parameter) -> None:
        """A blob may be filled where the weights lack its whole layer and the net names a filler for its first blob.

        A second layer of one name is filled without a word, as in Caffe, which copies to the first.
        """
        layer = self.net.layers[position]
        if not self.given or self.positions[layer.name] != position:
            return
        if any(source.names for source in self.sources.values()):
            raise self.error(position, f"there is no key of blob {index}, such as '{escape(layer.name)}.weight'")
        if index == 0 and not parameter.filler.entries and position not in self.sources:
            raise self.error(position, "the weights hold no such layer, and its first blob names no filler")

    def _fit(self, blob: Blob, position: int, index: int, shape: tuple[int, ...]) -> Array:
        """The blob in the shape that the layer wants, where Caffe lets it pass (blob.cpp, ShapeEquals)."""
        operator = registry.find(self.net.layers[position].type)
        if operator is not None and operator.adapt is not None:
            data = operator.adapt(self.net.layers[position], index, blob.data, shape)
            blob = blob if data is blob.data else Blob(data, data.shape)
        if blob.legacy and not self._differs_in_ones(position, blob.shape, shape):
            fits = len(shape) <= 4 and (1,) * (4 - len(shape)) + shape == blob.shape
        else:
            fits = blob.shape == shape or self._differs_in_ones(position, blob.shape, shape)
        if not fits and not (self._permissive(position, index) and blob.data.size == math.prod(shape)):
            raise self._misfit(position, index, blob.shape, shape)
        return blob.data.reshape(shape)

    def _differs_in_ones(self, position: int, one: tuple[int, ...], other: tuple[int, ...]) -> bool:
        """Whether a blob's type may be held without Caffe's axes of length one, or with more, and differs so."""
        operator, source = registry.find(self.net.layers[position].type), self.sources.get(position)
        by_key = source is not None and bool(source.names)
        loose = operator is not None and (operator.axes_of_one if by_key else operator.stored_axes_of_one)
        return loose and [size for size in one if size != 1] == [size for size in other if size != 1]

    def _permissive(self, position: int, index: int) -> bool:
        return _param_spec(self.net.layers[position], index).choice("share_mode") == "PERMISSIVE"

    def _misfit(self, position: int, index: int, stored: tuple[int, ...], wanted: tuple[int, ...]) -> WeightsError:
        return self.error(position, f"blob {index} has shape {stored}; the net wants {wanted}")

    def error(self, position: int, what: str) -> WeightsError:
        """An error about a layer's blobs, at the weights file where there is one."""
        layer = self.net.layers[position]
        return WeightsError(f"{layer.where}: {what}", path=self.path or layer.path, layer=layer.name)


def _in_current_order(source: StoredLayer, layer: Layer) -> StoredLayer:
    operator = registry.find(layer.type)
    if operator is None or operator.stored_order is None or source.names or source.places:
        return source
    order = operator.stored_order([blob.data.size for blob in source.blobs])
    return replace(source, blobs=tuple(source.blobs[place] for place in order))


def _param_spec(layer: Layer, index: int) -> Params:
    """The layer's `param` entry of a blob; an empty one where it has none."""
    specs = Params("layer", [layer.message], layer.where, layer.path).each("param", "param")
    return specs[index] if index < len(specs) else Params("param", [], layer.where, layer.path)
