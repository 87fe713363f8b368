"""What several losses share: the normalizer, labels as integers, and softmax."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reference.layer import Array, Layer

FLOAT_MIN = float(np.finfo(np.float32).tiny)


def softmax(x: Array, axis: int) -> Array:
    """exp(x - max) over its sum along `axis`, in the shape of x (src/caffe/layers/softmax_layer.cpp)."""
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))


def ignore_label(layer: Layer) -> int | None:
    """loss_param's ignore_label, None where it is not set."""
    params = layer.params("loss_param")
    return params.integer("ignore_label") if params.has("ignore_label") else None


def normalizer(layer: Layer, outer: int, inner: int, valid: int, default: str) -> float:
    """What a summed loss is divided by, at least 1 (src/caffe/layers/loss_layer.cpp, softmax_loss_layer.cpp)."""
    params = layer.params("loss_param")
    mode = default
    if params.has("normalization"):
        mode = params.choice("normalization")
    elif params.has("normalize"):
        mode = "VALID" if params.flag("normalize") else "BATCH_SIZE"
    divisors = {"FULL": outer * inner, "VALID": valid, "BATCH_SIZE": outer, "NONE": 1}
    if mode not in divisors:
        raise layer.error(f"loss_param.normalization is {mode}; expected one of {', '.join(divisors)}")
    return max(1.0, divisors[mode])


def pre_fixed_normalizer(layer: Layer, outer: int, inner: int, valid: int) -> float:
    """The divisor in R-FCN's fork, whose loss_param also knows a fixed number (normalization: PRE_FIXED)."""
    params = layer.params("loss_param")
    if params.has("normalization") and params.choice("normalization") == "PRE_FIXED":
        return max(1.0, params.real("pre_fixed_normalizer"))
    return normalizer(layer, outer, inner, valid, "VALID")


def as_labels(layer: Layer, label: Array, count: int, classes: int, ignore: int | None) -> NDArray[np.int64]:
    """Labels cut to integers, flat (n,) int64; raises LayerError where their number or a value does not fit."""
    flat = np.trunc(label).astype(np.int64).ravel()
    if flat.size != count:
        raise layer.error(f"has {flat.size} labels for {count} predictions")
    outside = (flat < 0) | (flat >= classes)
    if ignore is not None:
        outside &= flat != ignore
    strange = flat[outside]
    if strange.size:
        raise layer.error(f"label {strange[0]} is no class; expected 0 to {classes - 1}, or ignore_label")
    return flat


def rows(x: Array, axis: int) -> Array:
    """(positions, classes): `axis` moved last, everything else flattened in order."""
    return np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis])


def known_difference(layer: Layer, bottoms: list[Array], by_entries: bool) -> tuple[Array, float]:
    """First minus second bottom (n, c, ...), if there is one, with 0 for NaN, and FlowNet's divisor of its losses.

    The divisor is n, or `by_entries` the number of known entries over c (l1loss_layer.cu of lmb-freiburg/flownet2).
    """
    first, second = bottoms[0], bottoms[-1]
    if first.ndim < 2 or first.shape != second.shape:
        raise layer.error(f"bottoms have shapes {first.shape} and {second.shape}; expected one shape (n, c, ...)")
    error = first - second if len(bottoms) == 2 else first
    known = ~np.isnan(error)
    divisor = known.sum() / first.shape[1] if by_entries else len(first)
    return np.where(known, error, 0), float(divisor)
