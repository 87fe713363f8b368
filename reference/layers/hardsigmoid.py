"""HardSigmoid (inisis/caffe, synopsys-caffe, MobileNet-YOLO): min(max(alpha x + beta, 0), 1), hardsigmoid_layer.cpp."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "HardSigmoid"
MESSAGES = ("hardsigmoid_param", "hard_sigmoid_param")
FIELDS = """
hardsigmoid_param: alpha 0 float = 0.2; beta 0 float = 0.5
hard_sigmoid_param: alpha 0 float = 0.2; beta 0 float = 0.5
"""


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    inisis, synopsys = (layer.params(name) for name in MESSAGES)
    params = inisis if inisis.entries else synopsys
    return [np.clip(bottoms[0] * params.real("alpha") + params.real("beta"), 0, 1)]
