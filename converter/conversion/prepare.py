"""Weights in the form that a format wants: by key in a state dict's terms, or by position in Caffe's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converter.errors import WeightsError
from converter.formats.weights.stored import StoredLayer, StoredWeights
from converter.net.names import escape, unescape
from converter.plan.layer_blobs import caffe_blobs, kind_of, kind_of_layer, state_blobs

if TYPE_CHECKING:
    from converter.formats.record import Record
    from converter.layers.layer import Operator


@dataclass(frozen=True, slots=True)
class PreparedWeights:
    """Weights that were read, matched to a net where one was given.

    Attributes:
        weights: layers under Caffe's names, with their types where these are known.
        definitions: the net's layers in V2 form; empty without a net.
        notes: what a user should know.
    """

    weights: StoredWeights
    definitions: Sequence[Record] = ()
    notes: tuple[str, ...] = ()

    def by_key(self) -> StoredWeights:
        """Every blob under its key, in a state dict's terms.

        Raises:
            WeightsError: a layer of unknown type whose blobs cannot be named.
        """
        layers = []
        for layer in self.weights.layers_with_blobs().values():
            state = state_blobs(_kind(layer, self.weights.path), layer, self.weights.path)
            layers.append(StoredLayer(escape(layer.name), layer.type, stored=tuple(state.values()), names=tuple(state)))
        return replace(self.weights, layers=tuple(layers), by_key=True)

    def by_position(self) -> StoredWeights:
        """Every blob in its place, in Caffe's terms.

        Raises:
            WeightsError: a layer of unknown type in a file by key: its blobs' order would be a guess.
        """
        layers = [self._positional(layer) for layer in self.weights.layers]
        return replace(self.weights, layers=tuple(layers), by_key=False)

    def _positional(self, layer: StoredLayer) -> StoredLayer:
        path = self.weights.path
        return replace(layer, stored=tuple(caffe_blobs(kind_of_layer(layer, path), layer, path)), names=())


def by_caffe_names(weights: StoredWeights) -> StoredWeights:
    """Weights under Caffe's layer names, whatever the file's keys."""
    if not weights.by_key:
        return weights
    return replace(weights, layers=tuple(replace(layer, name=unescape(layer.name)) for layer in weights.layers))


def _kind(layer: StoredLayer, path: str) -> type[Operator]:
    """The class that names a layer's blobs.

    Without a type, one or two blobs by position are weight and bias in every type but Bias; more would be a guess.

    Raises:
        WeightsError: the type is not known, and there are more.
    """
    if layer.type or layer.names or len(layer.stored) <= 2:
        return kind_of(layer.type)
    text = f"layer '{layer.name}' has {len(layer.stored)} blobs, and the file does not tell its type, so their names"
    raise WeightsError(f"{text} are not known; give --prototxt", path=path, layer=layer.name)
