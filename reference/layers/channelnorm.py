"""ChannelNorm (FlowNet2's fork): the root of the sum of squares over the channels.

Source: src/caffe/layers/channel_norm_layer.cpp of lmb-freiburg/flownet2.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "ChannelNorm"
NOT_IN_PLACE = True
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w); returns (n, 1, h, w)."""
    layer.expect(bottoms, 1)
    if bottoms[0].ndim != 4:
        raise layer.error(f"bottom has shape {bottoms[0].shape}; expected 4 axes")
    return [np.sqrt((bottoms[0] ** 2).sum(axis=1, keepdims=True))]
