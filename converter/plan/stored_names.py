"""Which layer of a net a stored layer is: by its name, or by what its key may mean."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from converter.errors import WeightsError
from converter.net.names import escape, unescape

if TYPE_CHECKING:
    from converter.formats.weights.stored import StoredLayer, StoredWeights


def layer_names(key: str) -> tuple[str, ...]:
    """Names of the layers that a key's first part may mean: as it is escaped today, and as files before had it."""
    return tuple(dict.fromkeys((unescape(key), key.replace("%2E", ".").replace("%25", "%"))))


def possible_names(stored: StoredWeights, name: str) -> tuple[str, ...]:
    """Names that a layer of the file may bear in a net."""
    return layer_names(name) if stored.by_key else (name,)


def blob_counts(stored: StoredWeights | None) -> dict[str, int]:
    """How many blobs the file has for each layer, which tells forks' meanings of one type apart."""
    layers_with_blobs = stored.layers_with_blobs() if stored is not None else {}
    return {
        name: len(layer.stored)
        for held, layer in layers_with_blobs.items()
        for name in (possible_names(stored, held) if stored is not None else ())
    }


def by_layer(stored: StoredWeights, wanted: Collection[str]) -> dict[str, StoredLayer]:
    """The stored layers by Caffe's name; `wanted` are the net's layers with blobs.

    Raises:
        WeightsError: a key that fits two layers of the net alike, or two keys that fit one.
    """
    given: dict[str, StoredLayer] = {}
    held = stored.layers_with_blobs()
    for name, layer in held.items():
        possible = possible_names(stored, name)
        meant = [one for one in possible if one in wanted]
        if len(meant) > 1 and escape(meant[1]) in held:
            meant = meant[:1]  # the other layer has a key of today's form, so that this one is of that form too
        if len(meant) > 1:
            text = f"key '{name}' fits the layers {' and '.join(map(repr, meant))} alike"
            advice = f"save both layers, as '{escape(meant[0])}' and '{escape(meant[1])}'"
            raise WeightsError(f"{text}; {advice}", path=stored.path, layer=meant[0])
        found = meant[0] if meant else possible[0]
        if found in given:
            text = f"two keys fit layer {found!r}: '{given[found].name}' and '{name}'; leave one of them out"
            raise WeightsError(text, path=stored.path, layer=found)
        given[found] = layer
    return given
