"""Mish (synopsys-caffe): x tanh(log(1 + e^x)).

Source: src/caffe/layers/mish_layer.cpp of foss-for-synopsys-dwc-arc-processors/synopsys-caffe.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "Mish"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    return [bottoms[0] * np.tanh(np.logaddexp(0, bottoms[0]))]
