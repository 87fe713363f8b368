"""Tops of losses that state none: Caffe's loss layers make their own, which no layer can read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

_WITHOUT_THE_WORD = frozenset({"YoloSeg", "Yolov3"})
"""Loss layers whose types do not say so."""


class _Wired(Protocol):
    """A layer as far as it counts here."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def bottoms(self) -> tuple[str, ...]: ...
    @property
    def tops(self) -> tuple[str, ...]: ...


def automatic_tops(layers: Sequence[_Wired]) -> Iterator[tuple[str, ...]]:
    """Every layer's tops; a loss that has bottoms and no top gets one of its name, or, where that is taken, NAME_loss.

    In Caffe the blob is called "(automatic)" and counts towards the loss, but is no output; here it is one, so that it
    can be looked at (src/caffe/net.cpp, AutoTopBlobs; include/caffe/layers/loss_layer.hpp).
    """
    taken = {name for layer in layers for name in (*layer.tops, *layer.bottoms)}
    for layer in layers:
        if layer.tops or not layer.bottoms or not _is_loss(layer.type):
            yield layer.tops
            continue
        name = layer.name or "loss"
        while name in taken:
            name += "_loss"
        taken.add(name)
        yield (name,)


def _is_loss(layer_type: str) -> bool:
    """Whether a type derives from Caffe's LossLayer, by its name, as all of Caffe's and its forks' do."""
    return "Loss" in layer_type or layer_type in _WITHOUT_THE_WORD
