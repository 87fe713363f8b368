"""Normalize (SSD's fork): x over its L2 norm across channels, or across the whole item, times a learned scale.

The norm is sqrt(sum of squares + eps). Blob: scale (c,), or a single number with channel_shared.

The layer of happynear/caffe-windows (normalize_layer.cu) has no scale and says so by its normalize_param, by a second
top for the norms, or by having neither norm_param nor a stored blob. Its tops have 4 axes.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer, Parameter

TYPE = "Normalize"
MESSAGES = ("norm_param", "normalize_param")
SUMS = True
FIELDS = "normalize_param: normalize_type 1 text = L2; fix_gradient 2 bool = false; bp_norm 3 bool = false"


def _has_no_scale(layer: Layer) -> bool:
    if layer.message.messages("normalize_param"):
        return True
    return not layer.message.messages("norm_param") and (len(layer.tops) == 2 or not layer.stored)


def _without_scale(layer: Layer, x: Array) -> list[Array]:
    """x: (n, c, h, w) or fewer axes; returns x over its norms, and the norms (n, 1, h, w)."""
    kind = layer.params("normalize_param").text("normalize_type")
    if kind not in ("L1", "L2") or x.ndim > 4:
        raise layer.error(f"has a norm {kind} of {x.ndim} axes; expected L1 or L2, four axes or fewer")
    x = x.reshape((*x.shape, 1, 1, 1)[:4])
    norm = np.abs(x).sum(1, keepdims=True) + 1e-6 if kind == "L1" else np.sqrt((x**2).sum(1, keepdims=True) + 1e-12)
    return [x / norm, norm][: len(layer.tops)]


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """The scale (c,) or (1,), 1 where no filler is named."""
    layer.expect(bottoms, 1)
    if _has_no_scale(layer):
        return []
    params = layer.params("norm_param")
    shape = () if params.flag("channel_shared") else (bottoms[0].shape[1],)
    return [Parameter(shape, params.message("scale_filler", "filler"), 1.0)]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (n, c, h, w); returns the same shape."""
    if _has_no_scale(layer):
        return _without_scale(layer, bottoms[0])
    params, x = layer.params("norm_param"), bottoms[0]
    axes = tuple(range(1, x.ndim)) if params.flag("across_spatial") else (1,)
    norm = np.sqrt((x * x).sum(axis=axes, keepdims=True) + params.real("eps"))
    return [x / norm * blobs[0].reshape(-1, *(1,) * (x.ndim - 2))]
