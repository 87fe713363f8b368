"""SoftmaxWithLoss: minus the log of the true class's probability, summed and divided by the normalizer.

Probabilities are held above float32's smallest normal number. SegNet's fork weights each class's terms, by
class_weighting or by one over how many labels it has. Source: src/caffe/layers/softmax_loss_layer.cpp, and that
file and its .cu in alexgkendall/caffe-segnet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reference.layer import Array, Layer
from reference.losses import FLOAT_MIN, as_labels, ignore_label, normalizer, rows, softmax

TYPE = "SoftmaxWithLoss"
MESSAGES = ("loss_param", "softmax_param", "softmaxloss_param")
FIELDS = """
loss_param: weight_by_label_freqs 0 bool = false; class_weighting 0 float*
softmaxloss_param: ignore_label 0 int*; weight_source 0 text
"""
SUMS = True
EXPONENTIAL = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, classes, ...), label: one a position; returns the loss (), probabilities like x, losses like label.

    The losses have four axes at least, of length 1 where label has less: R-FCN adds those of its boxes, (n, 1, 1, 1).
    """
    layer.expect(bottoms, 2)
    x, ignore = bottoms[0], _ignored(layer)
    axis = layer.axis(layer.params("softmax_param").integer("axis"), x.ndim)
    probabilities = softmax(x, axis)
    if bottoms[1].shape[:1] != x.shape[:1]:
        raise layer.error(f"labels of shape {bottoms[1].shape} for scores of shape {x.shape}: other numbers of items")
    flat = rows(probabilities, axis)
    label = as_labels(layer, bottoms[1], len(flat), x.shape[axis], ignore)
    counted = np.ones(label.size, bool) if ignore is None else label != ignore
    losses = np.zeros(label.size)
    losses[counted] = -np.log(np.maximum(flat[counted, label[counted]], FLOAT_MIN))
    losses[counted] *= _class_weights(layer, label[counted], x.shape[axis])
    outer = int(np.prod(x.shape[:axis]))
    divisor = normalizer(layer, outer, len(flat) // max(1, outer), int(counted.sum()), "VALID")
    return [losses.sum() / divisor, probabilities, losses.reshape(*bottoms[1].shape, *[1] * (4 - bottoms[1].ndim))]


def _ignored(layer: Layer) -> int | None:
    """loss_param's ignored label, or the one of DeepLab v1's softmaxloss_param."""
    params, usual = layer.params("softmaxloss_param"), ignore_label(layer)
    labels = set(params.integers("ignore_label")) | ({usual} - {None})
    if params.has("weight_source") or len(labels) > 1:
        raise layer.error("weight_source is set, or several labels are ignored, which the oracle does not know")
    return labels.pop() if labels else None


def _class_weights(layer: Layer, label: NDArray[np.int64], classes: int) -> Array:
    """SegNet's weight of each label (n,)."""
    params = layer.params("loss_param")
    if not params.flag("weight_by_label_freqs"):
        return np.ones(len(label))
    given = params.reals("class_weighting")
    if given and len(given) != classes:
        raise layer.error(f"class_weighting has {len(given)} values for {classes} classes")
    weights = np.asarray(given) if given else 1 / np.maximum(np.bincount(label, minlength=classes), 1)
    return np.asarray(weights[label])
