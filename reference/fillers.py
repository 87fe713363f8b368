"""What a filler puts into a fresh blob, as far as no random number is drawn (include/caffe/filler.hpp).

`bilinear` has its center at c = (k - 1) / (2 f) with f = ceil(k / 2); in nets of the dilation fork, which builds on
Caffe of mid-2016, at c = (2 f - 1 - f mod 2) / (2 f), the same for k = 4, 8, 12, 16. `identity` is that fork's own: see
equations 4 and 5 of arXiv 1511.07122. `diagonal` is lmb-freiburg/flownet2's: a kernel of output n and input n sums to
diag_val n, or 1. `gabor` is Intel's, of four sizes: see gabor.py.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reference import gabor
from reference.errors import WeightsError
from reference.layer import Parameter
from reference.memory import check_size
from reference.params import Params

RANDOM = ("uniform", "gaussian", "positive_unitball", "xavier", "msra")


def _bilinear(shape: tuple[int, ...], filler: Params, dilation_fork: bool) -> NDArray[np.float64]:
    if len(shape) != 4 or shape[2] != shape[3]:
        raise filler.error(f"a bilinear filler wants a square 4-D blob; this one is {shape}")
    size = shape[3]
    factor = (size + 1) // 2
    center = (2 * factor - 1 - factor % 2 if dilation_fork else size - 1) / (2.0 * factor)
    slope = 1 - np.abs(np.arange(size) / factor - center)
    return np.broadcast_to(np.outer(slope, slope), shape).copy()


def _identity(shape: tuple[int, ...], filler: Params) -> NDArray[np.float64]:
    if len(shape) != 4:
        raise filler.error(f"an identity filler wants a 4-D blob; this one is {shape}")
    outputs, inputs, height, width = shape
    groups = filler.integer("num_groups") if filler.has("num_groups") else inputs
    if groups < 1 or outputs < groups or outputs % groups:
        raise filler.error(f"identity filler: {outputs} outputs do not divide into {groups} groups")
    value = groups / outputs * (filler.real("value") if filler.has("value") else 1.0)
    weight = np.zeros(shape)
    outputs_each, inputs_each = outputs // groups, inputs // groups
    for group in range(groups):
        rows = slice(group * outputs_each, (group + 1) * outputs_each)
        weight[rows, group * inputs_each : (group + 1) * inputs_each, height // 2, width // 2] = value
    return weight


def _diagonal(shape: tuple[int, ...], filler: Params) -> NDArray[np.float64]:
    if len(shape) != 4:
        raise filler.error(f"a diagonal filler wants a 4-D blob; this one is {shape}")
    values = dict(enumerate(filler.reals("diag_val")))
    weight = np.zeros(shape)
    for place in range(min(shape[0], shape[1])):
        weight[place, place] = np.float32(values.get(place, 1)) / np.float32(shape[2] * shape[3])
    return weight


def fill(parameter: Parameter, dilation_fork: bool = False) -> NDArray[np.float64]:
    """A fresh blob of the parameter's shape.

    Raises:
        WeightsError: where the filler draws random numbers, which Caffe's run alone knows.
        LayerError: where the filler is unknown or does not fit the shape.
    """
    shape, filler, default = parameter
    check_size(*shape)
    if not filler.entries:
        return np.full(shape, default)
    kind = filler.text("type")
    if kind == "constant":
        return np.full(shape, filler.real("value"))
    if kind == "bilinear":
        return _bilinear(shape, filler, dilation_fork)
    if kind == "diagonal":
        return _diagonal(shape, filler)
    if kind == "gabor":
        if len(shape) != 4 or shape[1] != 3 or shape[2] != shape[3] or (shape[0], shape[2]) not in gabor.TABLES:
            raise filler.error(f"a gabor filler has no filters for a blob of shape {shape}")
        return gabor.filters(shape[0], shape[2])
    if kind in RANDOM or (kind == "identity" and filler.has("std")):
        what = f"{filler.where}: its {kind} filler is random ({math.prod(shape)} numbers); give the weights"
        raise WeightsError(what, path=filler.path, line=filler.line)
    if kind != "identity":
        raise filler.error(f"filler type {kind!r} is unknown")
    return _identity(shape, filler)
