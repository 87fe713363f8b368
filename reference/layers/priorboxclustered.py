"""PriorBoxClustered (openvinotoolkit/training_toolbox_caffe): default boxes of stated widths and heights.

Source: caffe/src/caffe/layers/prior_box_clustered_layer.cpp; places and variances are PriorBox's.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.layers.priorbox import boxes_of

TYPE = "PriorBoxClustered"
MESSAGES = ("prior_box_param",)
FIELDS = "prior_box_param: width 0 float*; height 0 float*"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """feature: (n, c, h, w), image: (n, c, H, W); returns (1, 2, h * w * boxes * 4): corners, then variances."""
    params = layer.params("prior_box_param")
    wide, high = params.reals("width"), params.reals("height")
    if not wide or len(wide) != len(high) or min(wide + high) <= 0:
        raise layer.error(f"width is {wide}, height {high}; expected positive numbers, as many of both")
    return boxes_of(layer, bottoms, [(np.float32(w), np.float32(h)) for w, h in zip(wide, high, strict=True)])
