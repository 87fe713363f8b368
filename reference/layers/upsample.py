"""Upsample, two meanings: with one bottom (YOLO's fork) pixels repeated; with two (SegNet's) values put back by mask.

By mask: the top is 0 but at the flat places that the second bottom, a pooling's mask, names. Its size is upsample_h by
upsample_w, or the bottom's times scale (or scale_h, scale_w; default 2), less one where pad_out_h or pad_out_w says so.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.memory import check_size
from reference.params import Params
from reference.unpool import unpool_by_mask

TYPE = "Upsample"
MESSAGES = ("upsample_param",)


def _size(params: Params, bottom: Array) -> tuple[int, int]:
    if params.has("upsample_h") and params.has("upsample_w"):
        return params.integer("upsample_h"), params.integer("upsample_w")
    scales = [params.integer(name if params.has(name) else "scale") for name in ("scale_h", "scale_w")]
    cuts = [params.flag(name) for name in ("pad_out_h", "pad_out_w")]
    rows = zip(bottom.shape[2:], scales, cuts, strict=True)
    height, width = (extent * scale - cut for extent, scale, cut in rows)
    return height, width


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w), mask like x; returns (n, c, h_out, w_out)."""
    layer.expect(bottoms, 1, 2)
    params = layer.params("upsample_param")
    if len(bottoms) == 2:
        return [unpool_by_mask(layer, bottoms[0], bottoms[1], _size(params, bottoms[0]))]
    if not params.has("scale") or params.integer("scale") < 1:
        raise layer.error("has one bottom, so it needs a scale of 1 or more")
    scale = params.integer("scale")
    check_size(bottoms[0].size, scale, scale)
    return [np.repeat(np.repeat(bottoms[0], scale, 2), scale, 3)]
