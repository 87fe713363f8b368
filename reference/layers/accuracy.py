"""Accuracy: the share of positions whose class is among the top_k; ties count against it.

A position is right if fewer than top_k other classes score at least as high as the true one. ignore_label is skipped; 0
where nothing counts. A second top holds the same for each class. Source: src/caffe/layers/accuracy_layer.cpp (master).
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.losses import as_labels, rows

TYPE = "Accuracy"
MESSAGES = ("accuracy_param",)
DISCONTINUOUS_FROM = 0


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, classes, ...), label: one a position; returns () and (classes,)."""
    layer.expect(bottoms, 2)
    params = layer.params("accuracy_param")
    scores = rows(bottoms[0], layer.axis(params.integer("axis"), bottoms[0].ndim))
    classes = scores.shape[1]
    if params.integer("top_k") > classes:
        raise layer.error(f"top_k is {params.integer('top_k')}; there are {classes} classes")
    ignore = params.integer("ignore_label") if params.has("ignore_label") else None
    label = as_labels(layer, bottoms[1], len(scores), classes, ignore)
    counted = np.ones(label.size, bool) if ignore is None else label != ignore
    scores, label = scores[counted], label[counted]
    better = (scores >= scores[np.arange(label.size), label][:, None]).sum(axis=1) - 1
    right = better < params.integer("top_k")
    totals = np.bincount(label, minlength=classes)
    hits = np.bincount(label[right], minlength=classes)
    return [np.asarray(right.sum() / max(1, label.size)), hits / np.maximum(1, totals)]
