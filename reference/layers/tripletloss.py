"""TripletLoss (xuzhenqi/caffe): anchors nearer to positives than to negatives by a margin, triplet_loss_layer.cpp."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "TripletLoss"
MESSAGES = ("triplet_loss_param",)
SUMS = True
FIELDS = "triplet_loss_param: margin 1 float = 1"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Anchors, positives, negatives (n, ...); returns ()."""
    layer.expect(bottoms, 3)
    margin = layer.params("triplet_loss_param").real("margin")
    items = len(bottoms[0])
    total = 0.0
    for anchor, positive, negative in zip(*(bottom.reshape(items, -1) for bottom in bottoms), strict=True):
        total += max(0.0, margin + float(((anchor - positive) ** 2).sum() - ((anchor - negative) ** 2).sum()))
    return [np.asarray(total / items / 2)]
