"""ReverseTime (caffe_ocr's and ChWick's forks): each item's first steps, as many as its length, back to front.

The rest is copied (copy_remaining) or, where the source leaves it as it was, 0.
Source: src/caffe/layers/reverse_time_layer.cpp of senlinuc/caffe_ocr.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "ReverseTime"
MESSAGES = ("reverse_time_param",)
NOT_IN_PLACE = True
FIELDS = "reverse_time_param: copy_remaining 0 bool = false"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (t, n, ...), lengths: (n,); returns x's shape."""
    layer.expect(bottoms, 2)
    x, lengths = bottoms
    if x.ndim < 2 or lengths.shape != x.shape[1:2]:
        raise layer.error(f"lengths have shape {lengths.shape} for sequences of shape {x.shape}; expected (n,)")
    top = x.copy() if layer.params("reverse_time_param").flag("copy_remaining") else np.zeros_like(x)
    for n, length in enumerate(lengths.astype(int)):
        if not 0 <= length <= len(x):
            raise layer.error(f"length {length} of {len(x)} steps")
        top[:length, n] = x[:length, n][::-1]
    return [top]
