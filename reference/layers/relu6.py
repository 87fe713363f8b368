"""ReLU6 (MobileNet forks of Caffe): y = min(max(x, 0), 6) + negative_slope min(x, 0).

Some of them keep the slope in relu6_param; where both messages set it, relu_param counts.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "ReLU6"
MESSAGES = ("relu_param", "relu6_param")
FIELDS = "relu6_param: negative_slope 0 float = 0"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    own, common = layer.params("relu6_param"), layer.params("relu_param")
    slope = (common if common.has("negative_slope") else own).real("negative_slope")
    return [np.clip(bottoms[0], 0, 6) + slope * np.minimum(bottoms[0], 0)]
