"""L1Loss (NVIDIA's fork): the sum of absolute differences over the number of items.

Source: src/caffe/layers/l1_loss_layer.cpp of NVIDIA/caffe.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "L1Loss"
MESSAGES = ("loss_param",)
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """a, b: (n, ...); returns ()."""
    layer.expect(bottoms, 2)
    return [np.abs(bottoms[0] - bottoms[1].reshape(bottoms[0].shape)).sum() / len(bottoms[0])]
