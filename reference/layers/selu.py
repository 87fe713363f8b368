"""SeLu (synopsys-caffe writes SeLU): lambda x above 0, else lambda alpha (e^x - 1).

Source: src/caffe/layers/selu_layer.cpp of foss-for-synopsys-dwc-arc-processors/synopsys-caffe.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "SeLu"
ALSO = ("SeLU",)
MESSAGES = ("selu_param",)
FIELDS = "selu_param: lambda 0 float = 1.050700987; alpha 0 float = 1.67326324"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    params, x = layer.params("selu_param"), bottoms[0]
    tail = params.real("alpha") * (np.exp(np.minimum(x, 0)) - 1)
    return [params.real("lambda") * np.where(x > 0, x, tail)]
