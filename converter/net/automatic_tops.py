"""Tops of losses that state none: Caffe's loss layers make their own, which no layer can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converter.net.net import Layer

_WITHOUT_THE_WORD = frozenset({"YoloSeg", "Yolov3"})
"""Loss layers whose types do not say so."""


def with_automatic_tops(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The layers; a loss that has bottoms and no top has one of its own name, or, where that is taken, NAME_loss.

    In Caffe the blob is called "(automatic)" and counts towards the loss, but is no output; here it is one, so that it
    can be looked at (src/caffe/net.cpp, AutoTopBlobs; include/caffe/layers/loss_layer.hpp).
    """
    taken = {name for layer in layers for name in (*layer.tops, *layer.bottoms)}
    found: list[Layer] = []
    for layer in layers:
        if layer.bottoms and not layer.tops and _is_loss(layer.type):
            name = layer.name or "loss"
            while name in taken:
                name += "_loss"
            taken.add(name)
            layer = replace(layer, tops=(name,))
        found.append(layer)
    return tuple(found)


def _is_loss(layer_type: str) -> bool:
    """Whether a type derives from Caffe's LossLayer, by its name, as all of Caffe's and its forks' do."""
    return "Loss" in layer_type or layer_type in _WITHOUT_THE_WORD
