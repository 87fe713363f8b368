"""ContinuationIndicator (yalecyu/crnn.caffe; jolibrain/caffe, with a bottom): 0 where sequences begin, else 1.

Source: src/caffe/layers/continuation_indicator_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "ContinuationIndicator"
MESSAGES = ("continuation_indicator_param",)
FIELDS = "continuation_indicator_param: time_step 1 int; batch_size 2 int; axis 0 int = 0"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """No bottom, or one whose axis counts the items; returns (time_step, items)."""
    params = layer.params("continuation_indicator_param")
    steps = params.integer("time_step")
    items = (
        bottoms[0].shape[layer.axis(params.integer("axis"), bottoms[0].ndim)]
        if bottoms
        else params.integer("batch_size")
    )
    if min(steps, items) < 1:
        raise layer.error(f"time_step is {steps}, batch_size {items}; expected at least 1 each")
    return [np.array([[float(step > 0)] * items for step in range(steps)])]
