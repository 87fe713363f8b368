"""CosinAddm (ArcFace): in phase train the label's cosine becomes that of its angle plus m, up to an angle of pi - m.

Beyond that it is lessened by m sin(m); a cosine above 1 counts as 1.
Source: cosin_add_m_layer.cpp and .cu of xialuxi/arcface-caffe.
"""

from __future__ import annotations

import math

from reference.layer import Array, Layer
from reference.losses import as_labels

TYPE = "CosinAddm"
MESSAGES = ("cosin_add_m_param",)
NOT_IN_PLACE = True
DISCONTINUOUS_FROM = 0
FIELDS = "cosin_add_m_param: m 1 float = 0.5; transform_test 2 bool = false"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, ...), labels: n numbers; returns x's shape."""
    layer.expect(bottoms, 2)
    x = bottoms[0].copy()
    if layer.phase != "train":
        return [x]
    m, flat = layer.params("cosin_add_m_param").real("m"), x.reshape(len(x), -1)
    for row, label in zip(flat, as_labels(layer, bottoms[1], len(x), flat.shape[1], None), strict=True):
        cosine = min(float(row[label]), 1.0)
        far = cosine <= math.cos(math.pi - m)
        row[label] = cosine - m * math.sin(m) if far else math.cos(math.acos(cosine) + m)
    return [x]
