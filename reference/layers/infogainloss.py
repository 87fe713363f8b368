"""InfogainLoss: softmax, then - sum over l of H[label, l] log p_l, summed and divided by the normalizer.

H is the third bottom, or the blob in the file `source` (reference/named.py); log of at least 1e-20.
Source: src/caffe/layers/infogain_loss_layer.cpp (master).
"""

from __future__ import annotations

import numpy as np

from reference.caffemodel import read_blob
from reference.layer import Array, Layer
from reference.losses import as_labels, ignore_label, normalizer, rows, softmax
from reference.named import find_named

TYPE = "InfogainLoss"
MESSAGES = ("infogain_loss_param", "loss_param")
SUMS = True
EXPONENTIAL = True


def _matrix(layer: Layer, bottoms: list[Array], classes: int) -> Array:
    source = layer.params("infogain_loss_param").text("source")
    if len(bottoms) == 2 and not source:
        raise layer.error("has neither a third bottom nor a source; the infogain matrix must come from one of them")
    matrix = bottoms[2] if len(bottoms) == 3 else read_blob(find_named(layer, source)).data
    if matrix.size != classes * classes:
        raise layer.error(f"the infogain matrix has {matrix.size} entries; expected {classes} by {classes}")
    return matrix.reshape(classes, classes)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, classes, ...), label: one a position, H: (classes, classes); returns the loss () and probabilities."""
    layer.expect(bottoms, 2, 3)
    if layer.params("loss_param").has("normalize"):
        raise layer.error("sets normalize, which Caffe takes for no InfogainLoss; set normalization")
    x, ignore = bottoms[0], ignore_label(layer)
    axis = layer.axis(layer.params("infogain_loss_param").integer("axis"), x.ndim)
    probabilities = softmax(x, axis)
    flat = rows(probabilities, axis)
    label = as_labels(layer, bottoms[1], len(flat), x.shape[axis], ignore)
    counted = np.ones(label.size, bool) if ignore is None else label != ignore
    weights = _matrix(layer, bottoms, x.shape[axis])[label[counted]]
    loss = -(weights * np.log(np.maximum(flat[counted], 1e-20))).sum()
    outer = int(np.prod(x.shape[:axis]))
    divisor = normalizer(layer, outer, len(flat) // max(1, outer), int(counted.sum()), "VALID")
    return [loss / divisor, probabilities]
