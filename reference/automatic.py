"""Tops that Caffe's loss layers make for themselves where the file gives them none (src/caffe/net.cpp, AutoTopBlobs).

They stand under the layer's name; where a blob has that already, `_loss` follows it, as often as it takes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from reference.layer import Layer

_OTHER_LOSSES = ("YoloSeg", "Yolov3")


def with_own_tops(layers: Iterable[Layer]) -> Iterator[Layer]:
    """The layers, in order; every loss that reads something has a top."""
    layers = tuple(layers)
    used = {blob for layer in layers for blob in layer.bottoms + layer.tops}
    for layer in layers:
        loss = "Loss" in layer.type or layer.type in _OTHER_LOSSES
        if loss and layer.bottoms and not layer.tops:
            top = layer.name or "loss"
            while top in used:
                top = f"{top}_loss"
            used.add(top)
            yield dataclasses.replace(layer, tops=(top,))
        else:
            yield layer
