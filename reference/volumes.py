"""Windows over length, height and width as C3D and P3D write them, and pooling over any axes.

Source: facebookarchive/C3D, ZhaofanQiu/pseudo-3d-residual-networks (pooling3d_layer.cpp), yulequan's 3D-Caffe.
"""

from __future__ import annotations

import math

import numpy as np

from reference.axes import joined
from reference.geometry import Window, pooled_size, pooling_pair
from reference.layer import Array, Layer
from reference.memory import check_size
from reference.params import Params
from reference.pool import FLOAT_MAX

POOLING_FIELDS = (
    "pool 0 enum(MAX=0 AVE=1) = MAX; kernel_h 0 int; kernel_w 0 int; stride_h 0 int; stride_w 0 int; pad_h 0 int; "
    "pad_w 0 int; global_pooling 0 bool = false; {}"
)


def _length(params: Params, names: tuple[str, str], absent: int | None) -> int:
    set_ones = [name for name in names if params.has(name)]
    if len(set_ones) > 1 or (absent is None and not set_ones):
        raise params.error(f"sets {' and '.join(set_ones) or 'none'} of {' and '.join(names)}; expected one")
    return params.integer(set_ones[0]) if set_ones else absent or 0


def volume_window(params: Params) -> Window:
    """Kernel, stride and pad (length, height, width) of a message."""
    pairs = [
        pooling_pair(params, name, (high, wide), absent)
        for name, high, wide, absent in (
            ("kernel_size", "kernel_h", "kernel_w", None),
            ("stride", "stride_h", "stride_w", 1),
            ("pad", "pad_h", "pad_w", 0),
        )
    ]
    lengths = (
        _length(params, ("kernel_depth", "kernel_l"), None),
        _length(params, ("temporal_stride", "stride_l"), 1),
        _length(params, ("temporal_pad", "pad_l"), 0),
    )
    kernel, stride, pad = ((length, *pair) for length, pair in zip(lengths, pairs, strict=True))
    return Window(kernel, stride, pad, (1, 1, 1))


def pool(layer: Layer, x: Array, window: Window, method: str) -> Array:
    """x: (n, c, *sizes) -> (n, c, *output sizes): maxima, or sums over the windows' sizes up to the padding's end."""
    if x.ndim != len(window.kernel) + 2:
        raise layer.error(f"has a window of {len(window.kernel)} axes for a bottom of shape {x.shape}")
    sizes = pooled_size(window, x.shape[2:])
    check_size(*x.shape[:2], *sizes)
    top = np.zeros((*x.shape[:2], *sizes), x.dtype)
    for place in np.ndindex(*sizes):
        starts = [at * step - pad for at, step, pad in zip(place, window.stride, window.pad, strict=True)]
        cut = tuple(slice(max(start, 0), start + k) for start, k in zip(starts, window.kernel, strict=True))
        seen = joined(x[(slice(None), slice(None), *cut)], 2)
        if method == "MAX":
            value = seen.max(axis=2) if seen.shape[2] else -FLOAT_MAX
        else:
            ends = (start + k for start, k in zip(starts, window.kernel, strict=True))
            rows = zip(starts, ends, x.shape[2:], window.pad, strict=True)
            value = seen.sum(axis=2) / math.prod(min(end, size + pad) - start for start, end, size, pad in rows)
        top[(slice(None), slice(None), *place)] = value
    return top
