"""NdPooling (video-caffe): maxima over windows that kernel_shape, stride_shape and pad_shape describe.

Sizes round up and a last window that would start behind the plane is dropped where there is padding, as in Pooling.
"""

from __future__ import annotations

import numpy as np

from reference.axes import joined
from reference.geometry import pooled_size
from reference.layer import Array, Layer
from reference.memory import check_size
from reference.pool import FLOAT_MAX
from reference.shapes import shaped_window

TYPE = "NdPooling"
MESSAGES = ("pooling_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, *sizes); returns (n, c, *output sizes), -FLT_MAX where a window holds nothing."""
    layer.expect(bottoms, 1)
    x = bottoms[0]
    window = shaped_window(layer, "pooling_param", x.ndim - 2)
    if layer.params("pooling_param").choice("pool") != "MAX":
        raise layer.error("takes pool MAX only")
    sizes = pooled_size(window, x.shape[2:])
    check_size(*x.shape[:2], *sizes)
    top = np.full((*x.shape[:2], *sizes), -FLOAT_MAX, x.dtype)
    for place in np.ndindex(*sizes):
        starts = [at * step - pad for at, step, pad in zip(place, window.stride, window.pad, strict=True)]
        cut = tuple(slice(max(start, 0), start + k) for start, k in zip(starts, window.kernel, strict=True))
        seen = joined(x[(slice(None), slice(None), *cut)], 2)
        if seen.shape[2]:
            top[(slice(None), slice(None), *place)] = seen.max(axis=2)
    return [top]
