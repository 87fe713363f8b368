"""EuclideanLoss: the sum of squared differences over twice the number of items.

Source: src/caffe/layers/euclidean_loss_layer.cpp.
"""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "EuclideanLoss"
MESSAGES = ("loss_param",)
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """a, b: (n, ...); returns ()."""
    layer.expect(bottoms, 2)
    difference = bottoms[0] - bottoms[1].reshape(bottoms[0].shape)
    return [(difference * difference).sum() / (2 * len(difference))]
