"""DiceLoss (198808xc/OrganSegC2F): one minus the Dice coefficient of sigmoids, DiceLossLayer/dice_loss_layer.cpp."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "DiceLoss"
SUMS = True
_EPSILON = 1e-6


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x, target: as many values; returns ()."""
    layer.expect(bottoms, 2)
    if bottoms[0].size != bottoms[1].size:
        raise layer.error(f"has {bottoms[0].size} scores for {bottoms[1].size} targets")
    chances, target = 1 / (1 + np.exp(-bottoms[0].ravel())), bottoms[1].ravel()
    up = _EPSILON + 2 * float((target * chances).sum())
    return [np.asarray(1 - up / (_EPSILON + float(target.sum() + chances.sum())))]
