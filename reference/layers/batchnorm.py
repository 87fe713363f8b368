"""BatchNorm: (x - mean) / sqrt(var + eps) for each channel, in BVLC's form, or in NVIDIA's with a scale and a bias.

BVLC's blobs: summed mean (c,), summed variance (c,), the number they were summed by (1,); 0 of that means mean 0 and
variance 0. NVIDIA's, with scale_bias or a filler of either: mean (c,), variance (c,), a number of no use (1,), scale
(c,), bias (c,), statistics used as stored; snapshots of older DIGITS hold scale, bias, mean, variance, number. With
use_global_stats (default in phase TEST) the stored statistics count, otherwise the batch's own, variance over m; in
NVIDIA's form the stored ones in phase TEST whatever is set, and rates stated for them count as 0. A `filler` (Intel's)
is the scale's; with a Scale layer behind, upgrade.py has moved it there.
Source: src/caffe/layers/batch_norm_layer.cpp of BVLC/caffe and of NVIDIA/caffe.
"""

from __future__ import annotations

import numpy as np

from reference.axes import joined
from reference.layer import Array, Layer, Parameter
from reference.params import Params

TYPE = "BatchNorm"
MESSAGES = ("batch_norm_param",)
SUMS = True
STORED_AXES_OF_ONE = True
BLOBS = ("running_mean", "running_var", "scale_factor", "weight", "bias")
OLDER_BLOBS = ("mean", "variance", "scale_factor", "weight", "bias")
_AFFINE_FIELDS = ("scale_filler", "bias_filler", "filler")
_LEAST_EPS = 1e-5
"""NVIDIA's layer takes no smaller eps, since cuDNN takes none."""


def from_state(blobs: list[Array]) -> list[Array]:
    """A state_dict's statistics, which are divided by the factor -> BVLC's sums, in float64, where they are exact."""
    if len(blobs) != 3:
        return blobs
    mean, variance, factor = (blob.astype(np.float64) for blob in blobs)
    return [mean * factor, variance * factor, factor]


def stored_order(sizes: list[int]) -> list[int]:
    """Where each blob stands in the file, by the stored blobs' sizes: older DIGITS' five end with the single number.

    With one channel all five are single numbers; they are taken to be in today's order.
    """
    return [2, 3, 4, 0, 1] if len(sizes) == 5 and sizes[4] == 1 < sizes[2] else list(range(len(sizes)))


def _says_affine(layer: Layer) -> bool:
    params = layer.params("batch_norm_param")
    return params.flag("scale_bias") or any(map(params.has, _AFFINE_FIELDS))


def _is_affine(layer: Layer) -> bool:
    return layer.stored == 5 or _says_affine(layer)


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """Mean (c,), variance (c,) and their factor (1,), zeros at first; NVIDIA's scale, of ones, and bias."""
    layer.expect(bottoms, 1)
    specs = Params("layer", [layer.message], layer.where, layer.path).each("param", "param")
    rates = [spec.real("lr_mult") for spec in specs[:3] if spec.has("lr_mult")]
    if any(rates) and not _says_affine(layer):
        raise layer.error("its statistics have an lr_mult; they are not learned: expected 0, or no param at all")
    channels = bottoms[0].shape[1] if bottoms[0].ndim > 1 else 1
    empty, params = Params("filler", [], layer.where, layer.path), layer.params("batch_norm_param")
    found = [Parameter((channels,), empty), Parameter((channels,), empty), Parameter((1,), empty)]
    if not _is_affine(layer):
        return found
    fields = ("filler" if params.has("filler") else "scale_filler", "bias_filler")
    scale, bias = (params.message(name, "filler") for name in fields)
    return [*found, Parameter((channels,), scale, 1.0), Parameter((channels,), bias)]


def _stored_statistics(blobs: list[Array], dtype: np.dtype[np.floating]) -> tuple[Array, Array]:
    mean, variance = (blob.astype(dtype)[:, None] for blob in blobs[:2])
    if len(blobs) == 5:
        return mean, variance
    total = blobs[2].astype(dtype)[0]
    factor = 0 if total == 0 else 1 / total
    return mean * factor, variance * factor


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (n, c, ...); returns the same shape."""
    params = layer.params("batch_norm_param")
    items = joined(bottoms[0], 1)
    x = items.reshape(len(items), blobs[0].size, items.shape[1] // blobs[0].size)
    use_stored = params.flag("use_global_stats") if params.has("use_global_stats") else layer.phase == "test"
    use_stored = use_stored or (len(blobs) == 5 and layer.phase == "test")
    if use_stored:
        mean, variance = _stored_statistics(blobs, x.dtype)
    else:
        mean = x.mean(axis=(0, 2))[:, None]
        variance = ((x - mean) ** 2).mean(axis=(0, 2))[:, None]
    eps = params.real("eps") if len(blobs) == 3 else max(params.real("eps"), _LEAST_EPS)
    y = (x - mean) / np.sqrt(variance + eps)
    if len(blobs) == 5:
        y = y * blobs[3][:, None] + blobs[4][:, None]
    return [y.reshape(bottoms[0].shape)]
