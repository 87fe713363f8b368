"""BN, two meanings, told apart by the number of stored blobs, then by the fields that are set.

SegNet's: blobs scale, shift (1, c, 1, 1); bn_mode INFERENCE is scale x + shift, LEARN normalizes by the batch first.
PSPNet's: blobs slope, bias, mean, variance (1, c, 1, 1); slope (x - mean) / sqrt(variance + eps) + bias, with the
batch's own mean and variance in phase TRAIN unless `frozen`. An older form of it says scale_filler, shift_filler,
var_eps; with its `moving_average` off the batch's own statistics count in TEST too.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer, Parameter
from reference.params import Params

TYPE = "BN"
MESSAGES = ("bn_param",)
AXES_OF_ONE = True
SUMS = True
BLOBS = ("weight", "bias", "running_mean", "running_var")
OLDER_BLOBS = ("weight", "bias", "mean", "variance")
_PSPNET_FIELDS = ("slope_filler", "bias_filler", "momentum", "eps", "frozen")
_OLDER_FIELDS = ("var_eps", "decay", "moving_average", "axis")


def _pspnet(layer: Layer) -> bool:
    if layer.stored is not None:
        return layer.stored == 4
    return any(layer.params("bn_param").has(name) for name in (*_PSPNET_FIELDS, *_OLDER_FIELDS))


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """Two blobs for SegNet's, four for PSPNet's, each (1, c, 1, 1)."""
    layer.expect(bottoms, 1)
    if layer.params("bn_param").integer("axis") != 1:
        raise layer.error("normalizes channels, axis 1, only")
    params, shape = layer.params("bn_param"), (1, bottoms[0].shape[1], 1, 1)
    pspnet = _pspnet(layer)
    factor = params.message("slope_filler" if params.has("slope_filler") else "scale_filler", "filler")
    term = params.message("bias_filler" if params.has("bias_filler") else "shift_filler", "filler")
    found = [Parameter(shape, factor, 1.0), Parameter(shape, term)]
    empty = Params("filler", [], layer.where, layer.path)
    return [*found, Parameter(shape, empty), Parameter(shape, empty, 1.0)] if pspnet else found


def _statistics(x: Array) -> tuple[Array, Array]:
    mean = x.mean(axis=(0, 2, 3), keepdims=True)
    return mean, np.asarray(((x - mean) ** 2).mean(axis=(0, 2, 3), keepdims=True))


def _normalize(x: Array, eps: float) -> Array:
    mean, variance = _statistics(x)
    return np.asarray((x - mean) / np.sqrt(variance + eps))


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (n, c, h, w); returns the same shape, and with more tops SegNet's batch mean and variance (1, c, 1, 1)."""
    params, x = layer.params("bn_param"), bottoms[0]
    if not _pspnet(layer):
        if params.choice("bn_mode") == "LEARN":
            x = _normalize(x, params.real("var_eps"))
            return [x * blobs[0] + blobs[1], *_statistics(bottoms[0])]
        return [x * blobs[0] + blobs[1]]
    older = any(params.has(name) for name in _OLDER_FIELDS[:3])
    eps = params.real("var_eps" if older else "eps")
    averaged = layer.phase == "test" and not (params.has("moving_average") and not params.flag("moving_average"))
    if params.flag("frozen") or averaged:
        x = (x - blobs[2]) / np.sqrt(blobs[3].astype(x.dtype) + eps)
    else:
        x = _normalize(x, eps)
    return [x * blobs[0] + blobs[1]]
