"""What inner products with an angular margin share: how lambda falls, and psi, the lengthened cosine."""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer, Parameter
from reference.losses import as_labels
from reference.params import Params

FIELDS = (
    "num_output 1 int; type 2 enum(SINGLE=0 DOUBLE=1 TRIPLE=2 QUADRUPLE=3) = SINGLE; weight_filler 3 message; "
    "axis 4 int = 1; base 5 float = 1; gamma 6 float = 0; power 7 float = 1; iteration 8 int = 0; "
    "lambda_min 9 float = 0"
)
_TIMES = {"DOUBLE": 2, "TRIPLE": 3, "QUADRUPLE": 4}


def weight(layer: Layer, params: Params, features: Array) -> list[Parameter]:
    """The one blob, (num_output, K)."""
    axis = layer.axis(params.integer("axis"), features.ndim)
    if axis == 0:
        raise layer.error("has axis 0; expected one behind the items'")
    shape = (params.integer("num_output"), math.prod(features.shape[axis:]))
    return [Parameter(shape, params.message("weight_filler", "filler"))]


def first_lambda(layer: Layer, params: Params) -> float:
    """Of the first pass: max(base (1 + gamma (iteration + 1))^-power, lambda_min)."""
    gamma, start, least = params.real("gamma"), params.integer("iteration"), params.real("lambda_min")
    if min(gamma, start, least) < 0:
        raise layer.error("has a gamma, an iteration or a lambda_min below 0")
    return float(max(params.real("base") * (1 + gamma * (start + 1)) ** -params.real("power"), least))


def lengthened(cosines: Array, times: int) -> Array:
    """Psi = (-1)^k cos(times angle) - 2k, the angle beyond k multiples of pi / times (arXiv:1612.02295)."""
    passed = np.sum([cosines < math.cos(math.pi * step / times) for step in range(1, times)], axis=0)
    return np.asarray((-1.0) ** passed * np.cos(times * np.arccos(cosines.clip(-1, 1))) - 2 * passed)


def scores(layer: Layer, params: Params, bottoms: list[Array], rows: Array, slack: float) -> list[Array]:
    """X W^T with the labels' scores (|x| |w| psi + lambda x·w) / (1 + lambda), and lambda (1,).

    `slack` is added to |x| |w|.
    """
    layer.expect(bottoms, 2)
    lead = bottoms[0].shape[: layer.axis(params.integer("axis"), bottoms[0].ndim)]
    x, share, times = bottoms[0].reshape(math.prod(lead), -1), first_lambda(layer, params), params.choice("type")
    top: Array = x @ rows.T
    if times != "SINGLE":
        labels = as_labels(layer, bottoms[1], len(x), len(rows), None)
        at = np.arange(len(x)), labels
        lengths = np.sqrt((x**2).sum(1)) * np.sqrt((rows[labels] ** 2).sum(1)) + slack
        with np.errstate(invalid="ignore"):
            top[at] = (lengths * lengthened(top[at] / lengths, _TIMES[times]) + share * top[at]) / (1 + share)
    tops: list[Array] = [top.reshape(*lead, len(rows)), np.array([share], top.dtype)]
    return tops[: len(layer.tops)]
