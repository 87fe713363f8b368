"""Accum (FlowNet2's fork): maps resized to one size, bilinear with corners on corners, and joined along the channels.

The size is the last bottom's (have_reference; it is not joined), else the largest height and width, or top_height by
top_width, or the next multiples of size_divisible_by, where these exceed both.
Source: src/caffe/layers/accum_layer.cpp of lmb-freiburg/flownet2; places in float32 as there.
"""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer
from reference.memory import check_size
from reference.resampling import apply

TYPE = "Accum"
MESSAGES = ("accum_param",)
NOT_IN_PLACE = True
FIELDS = """
accum_param: top_height 0 int = 0; top_width 0 int = 0; size_divisible_by 0 int = 0; have_reference 0 bool = false
"""


def _bilinear(size: int, given: int) -> Array:
    places = np.arange(size, dtype=np.float32) / np.float32(size - 1) * np.float32(given - 1)
    first = np.minimum(places.astype(int), given - 1)
    share = (places - first).astype(np.float64)
    weights = np.zeros((size, given))
    weights[np.arange(size), first] += 1 - share
    weights[np.arange(size), np.minimum(first + 1, given - 1)] += share
    return weights


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Bottoms (n, c_i, h_i, w_i); returns (n, sum of c_i, h_out, w_out)."""
    params = layer.params("accum_param")
    reference = params.flag("have_reference")
    layer.expect(bottoms, 1 + reference, len(bottoms))
    if any(bottom.ndim != 4 or len(bottom) != len(bottoms[0]) for bottom in bottoms):
        raise layer.error(f"bottoms have shapes {[bottom.shape for bottom in bottoms]}; expected 4 axes, one n")
    largest = max(bottom.shape[2] for bottom in bottoms), max(bottom.shape[3] for bottom in bottoms)
    wanted = params.integer("top_height"), params.integer("top_width")
    if params.integer("size_divisible_by"):
        unit = params.integer("size_divisible_by")
        wanted = math.ceil(largest[0] / unit) * unit, math.ceil(largest[1] / unit) * unit
    height, width = wanted if wanted[0] > largest[0] and wanted[1] > largest[1] else largest
    if reference:
        height, width = bottoms[-1].shape[2:]
    if min(height, width) < 2:
        raise layer.error(f"cannot put corners on those of {height}x{width}")
    used = bottoms[:-1] if reference else bottoms
    check_size(len(used[0]), sum(bottom.shape[1] for bottom in used), height, width)
    parts = [apply(_bilinear(height, x.shape[2]), x, _bilinear(width, x.shape[3])) for x in used]
    return [np.concatenate(parts, axis=1).astype(bottoms[0].dtype)]
