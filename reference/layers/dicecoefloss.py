"""DiceCoefLoss (HolmesShuan): one minus the mean Dice coefficient of items, dice_coef_loss_layer.cpp."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "DiceCoefLoss"
MESSAGES = ("dice_coef_loss_param",)
SUMS = True
FIELDS = "dice_coef_loss_param: smooth 1 float = 1"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """a, b: (n, ...); returns ()."""
    layer.expect(bottoms, 2)
    smooth = layer.params("dice_coef_loss_param").real("smooth")
    shares = []
    for a, b in zip(*(bottom.reshape(len(bottom), -1) for bottom in bottoms), strict=True):
        shares.append((2 * float(a @ b) + smooth) / (float(a @ a) + float(b @ b) + smooth))
    return [np.asarray(1 - sum(shares) / len(shares))]
