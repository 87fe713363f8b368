"""CombinedMargin: the label's cosine becomes cos(m1 angle + m2) - m3, cosine and angle held within bounds.

Source: combined_margin_layer.cu of gehaocool/CombinedMargin-caffe.
"""

from __future__ import annotations

import math

from reference.layer import Array, Layer
from reference.losses import as_labels

TYPE = "CombinedMargin"
MESSAGES = ("combined_margin_param",)
NOT_IN_PLACE = True
FIELDS = "combined_margin_param: m1 1 float = 4; m2 2 float = 0.5; m3 3 float = 0.35; transform_test 4 bool = false"
_BOUND = 1e-4


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, ...), labels: n numbers; returns x's shape."""
    layer.expect(bottoms, 2)
    x, params = bottoms[0].copy(), layer.params("combined_margin_param")
    flat = x.reshape(len(x), -1)
    for row, label in zip(flat, as_labels(layer, bottoms[1], len(x), flat.shape[1], None), strict=True):
        angle = math.acos(max(min(float(row[label]), 1 - _BOUND), _BOUND - 1))
        wider = max(min(params.real("m1") * angle + params.real("m2"), math.pi - _BOUND), 0)
        row[label] = math.cos(wider) - params.real("m3")
    return [x]
