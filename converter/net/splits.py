"""A net's layers as Caffe lists them: with a Split layer behind every blob that has several readers.

A Split layer computes nothing here: its tops share its bottom's numbers, each with a diff of its own, and its backward
pass adds those up. Source: src/caffe/util/insert_splits.cpp, src/caffe/layers/split_layer.cpp.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from converter.net.net import Layer

_Place = tuple[int, int]
"""A top: its layer's place in the file, and its own among that layer's tops."""

_Readers = dict[_Place, list[_Place]]
"""Bottoms that read each top, in file order."""


@dataclass(frozen=True, slots=True)
class NetLayer:
    """One layer of the list.

    Attributes:
        name: the layer's name.
        type: Caffe's type.
        bottoms: blobs that it reads, a Split layer's tops among them.
        tops: blobs that it writes.
        reads: the names of `bottoms` in the file.
        index: its place among the file's layers; None: a Split layer that Caffe would insert.
    """

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    reads: tuple[str, ...]
    index: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A net's layers with its Split layers, in the order of a forward pass.

    Attributes:
        layers: all layers.
        moved: a loss that others read, too, by name: the Split layer's top that carries its weight.
    """

    layers: tuple[NetLayer, ...]
    moved: Mapping[str, str] = field(default_factory=dict)

    @property
    def shared(self) -> dict[str, str]:
        """Tops of Split layers with the blob whose numbers they share."""
        return {top: layer.bottoms[0] for layer in self.layers if layer.index is None for top in layer.tops}

    @property
    def outputs(self) -> list[str]:
        """Blobs that no later layer reads, in alphabetical order (src/caffe/net.cpp, available_blobs)."""
        available: set[str] = set()
        for layer in self.layers:
            available.difference_update(layer.bottoms)
            available.update(layer.tops)
        return sorted(available)

    def loss_weights(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Each loss's weight, by the blob that carries it."""
        return {self.moved.get(name, name): weight for name, weight in weights.items()}


def list_layers(layers: Sequence[Layer]) -> Listing:
    """The layers of a file with the Split layers that Caffe would insert.

    A blob that one of several readers changes in place, which Caffe refuses, gets none.
    """
    readers = _readers(layers)
    lossy = {top for top in readers if _weight(layers, top)}
    renamed: dict[_Place, str] = {}
    splits: dict[int, list[NetLayer]] = defaultdict(list)
    moved = {}
    for top in sorted(readers):
        count = len(readers[top]) + (top in lossy)
        if count < 2 or any(layers[at].bottoms[i] in layers[at].tops for at, i in readers[top]):
            continue
        split = _split(layers[top[0]], top[1], count)
        splits[top[0]].append(split)
        renamed.update(zip(readers[top], split.tops[top in lossy :], strict=True))
        if top in lossy:
            moved[split.bottoms[0]] = split.tops[0]
    found: list[NetLayer] = []
    for at, layer in enumerate(layers):
        bottoms = tuple(renamed.get((at, i), name) for i, name in enumerate(layer.bottoms))
        found += [NetLayer(layer.name, layer.type, bottoms, layer.tops, layer.bottoms, at), *splits[at]]
    return Listing(tuple(found), moved)


def _readers(layers: Sequence[Layer]) -> _Readers:
    """Who reads each top; a blob changed in place is another top for those behind."""
    last: dict[str, _Place] = {}
    readers: _Readers = {}
    for at, layer in enumerate(layers):
        for i, name in enumerate(layer.bottoms):
            readers[last[name]].append((at, i))
        for i, name in enumerate(layer.tops):
            last[name] = (at, i)
            readers[at, i] = []
    return readers


def _weight(layers: Sequence[Layer], top: _Place) -> float:
    """The weight that the file gives a top in the loss: a reader in Caffe's count, unlike a loss layer's own 1."""
    given = layers[top[0]].loss_weights
    return given[top[1]] if top[1] < len(given) else 0.0


def _split(layer: Layer, index: int, count: int) -> NetLayer:
    blob = layer.tops[index]
    name = f"{blob}_{layer.name}_{index}_split"
    return NetLayer(name, "Split", (blob,), tuple(f"{name}_{at}" for at in range(count)), (blob,), None)
