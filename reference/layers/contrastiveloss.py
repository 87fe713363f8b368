"""ContrastiveLoss: d^2 for pairs alike, max(0, margin - d)^2 for others (legacy: max(0, margin - d^2)), over 2 n.

Source: src/caffe/layers/contrastive_loss_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "ContrastiveLoss"
MESSAGES = ("contrastive_loss_param", "loss_param")
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """a, b: (n, c), alike: (n,); returns ()."""
    layer.expect(bottoms, 3)
    first, second, alike_shape = (bottom.shape for bottom in bottoms)
    if first[:2] != second[:2] or any(size != 1 for shape in (first, second) for size in shape[2:]):
        raise layer.error(f"bottoms of shape {first} and {second}; expected (n, c), (n, c, 1, 1) at most, alike")
    if alike_shape[0] != first[0] or any(size != 1 for size in alike_shape[1:]):
        raise layer.error(f"{alike_shape} similarities for {first[0]} pairs; expected one a pair")
    params = layer.params("contrastive_loss_param")
    margin = params.real("margin")
    squares = ((bottoms[0] - bottoms[1]) ** 2).reshape(len(bottoms[0]), -1).sum(axis=1)
    gap = margin - squares if params.flag("legacy_version") else margin - np.sqrt(squares)
    apart = np.maximum(gap, 0) if params.flag("legacy_version") else np.maximum(gap, 0) ** 2
    alike = np.trunc(bottoms[2]).ravel() != 0
    return [np.where(alike, squares, apart).sum() / (2 * len(squares))]
