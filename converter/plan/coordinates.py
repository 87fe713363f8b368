"""How positions of a layer's bottom lie over its top: affine maps, composed along a path of layers.

A map is (scale, shift): position x of the bottom lies at scale · x + shift of the top. Both are numbers or arrays with
one number a spatial axis. Sources: python/caffe/coord_map.py of BVLC/caffe; include/caffe/util/coords.hpp of s9xie/hed.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Map: TypeAlias = tuple[Any, Any]

IDENTITY: Map = (1, 0)

POSITION_KEEPING = (
    *("AbsVal", "BatchNorm", "Bias", "BNLL", "Dropout", "Eltwise", "ELU", "Log", "LRN", "Exp", "MVN", "Power"),
    *("ReLU", "PReLU", "Scale", "Sigmoid", "Split", "TanH", "Threshold"),
)
"""Layer types that leave positions as they are, as coord_map.py lists them."""


def window_map(extent: Any, stride: Any, pad: Any) -> Map:
    """The map of a Convolution or Pooling, whose top lies at its windows' centers; `extent` is that with dilation."""
    return 1 / stride, (pad - (extent - 1) / 2) / stride


def transposed_map(extent: Any, stride: Any, pad: Any) -> Map:
    """The map of a Deconvolution."""
    return stride, (extent - 1) / 2 - pad


def compose(after: Map, before: Map) -> Map:
    """One map after another."""
    return after[0] * before[0], after[0] * before[1] + after[1]


def inverse(forward: Map) -> Map:
    """The map from top to bottom."""
    return 1 / forward[0], -forward[1] / forward[0]
