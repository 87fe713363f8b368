"""HashingLoss (leetonfreestyle/DMSH): pairs of codes drawn together or pushed apart, hashing_loss_layer.cpp."""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer

TYPE = "HashingLoss"
MESSAGES = ("hashing_loss_param",)
SUMS = True
FIELDS = "hashing_loss_param: bi_margin 1 float = 1; tradeoff 2 float = 0.01; nsim 3 int = 1"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Codes (n, c, 1, 1), labels (n, l); returns ()."""
    layer.expect(bottoms, 2)
    params, items = layer.params("hashing_loss_param"), len(bottoms[0])
    codes, labels = (bottom.reshape(items, -1) for bottom in bottoms)
    size, costs, similar = codes.shape[1], [], 0
    for i in range(items):
        for j in range(i + 1, items):
            common = float(labels[i] @ labels[j])
            similar += common >= params.integer("nsim")
            far = float(((codes[i] - codes[j]) ** 2).sum())
            if common >= 1:
                costs.append(max(far - 4 * size * params.real("bi_margin") * math.exp(-common), 0))
            else:
                costs.append(max(2 * size - far, 0))
    if costs and similar / len(costs) < 0.1:
        raise layer.error("has so few similar pairs that others are drawn at random, as Caffe's run alone knows")
    outer = params.real("tradeoff") * float(np.abs(np.abs(codes) - 1).sum()) / items
    return [np.asarray((sum(costs) / len(costs) if costs else math.nan) + outer)]
