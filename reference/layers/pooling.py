"""Pooling: maximum (and its place, as a second top), average, or stochastic pooling's test-time mean over windows.

Output sizes are rounded up unless round_mode is FLOOR, or a fork's ceil_mode is false. Source:
src/caffe/layers/pooling_layer.cpp, and pooling_layer.cu for STOCHASTIC.
"""

from __future__ import annotations

from reference.geometry import pooled_size, pooling_window
from reference.layer import Array, Layer
from reference.pool import average, maximum, stochastic

TYPE = "Pooling"
MESSAGES = ("pooling_param",)
DISCONTINUOUS_FROM = 1  # the positions of the maxima jump; the maxima do not
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w); returns (n, c, h_out, w_out), and for MAX with two tops the flat index h w + column as well."""
    layer.expect(bottoms, 1)
    x, params = bottoms[0], layer.params("pooling_param")
    if x.ndim != 4:
        raise layer.error(f"the bottom has {x.ndim} axes; expected 4")
    window, method = pooling_window(layer, x.shape[2:]), params.choice("pool")
    ceil = params.choice("round_mode") == "CEIL" and params.flag("ceil_mode")
    sizes = pooled_size(window, x.shape[2:], ceil=ceil)
    if min(sizes) < 1:
        raise layer.error(f"a window of {window.kernel} has no place in a plane of {x.shape[2:]}")
    if method == "AVE":
        return [average(x, window, sizes)]
    if method == "STOCHASTIC":
        if max(window.pad) > 0:
            raise layer.error(f"STOCHASTIC pooling with padding {window.pad}; Caffe pads maxima and means only")
        if layer.phase == "train":
            raise layer.error(
                "STOCHASTIC draws random numbers in phase TRAIN, which cannot be drawn as Caffe drew them"
            )
        return [stochastic(x, window, sizes)]
    return list(maximum(x, window, sizes))
