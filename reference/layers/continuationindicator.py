"""ContinuationIndicator (yalecyu/crnn.caffe): 0 where sequences begin, 1 where they go on.

Source: src/caffe/layers/continuation_indicator_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "ContinuationIndicator"
MESSAGES = ("continuation_indicator_param",)
FIELDS = "continuation_indicator_param: time_step 1 int; batch_size 2 int"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """No bottoms; returns (time_step, batch_size)."""
    params = layer.params("continuation_indicator_param")
    steps, items = params.integer("time_step"), params.integer("batch_size")
    if min(steps, items) < 1:
        raise layer.error(f"time_step is {steps}, batch_size {items}; expected at least 1 each")
    return [np.array([[float(step > 0)] * items for step in range(steps)])]
