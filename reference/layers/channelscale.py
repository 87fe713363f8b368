"""ChannelScale: every channel of a position times the second bottom's number there, or with do_forward off nothing.

Source: src/caffe/layers/channel_scale_layer.cpp of happynear/caffe-windows.
"""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "ChannelScale"
MESSAGES = ("channel_scale_param",)
_FLAGS = ("do_forward", "do_backward_feature", "do_backward_scale")
FIELDS = f"channel_scale_param: {'; '.join(f'{name} 0 bool = true' for name in _FLAGS)}; global_scale 0 bool = false"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, ...), factors: one a position; returns x's shape."""
    layer.expect(bottoms, 2)
    params, (x, factors) = layer.params("channel_scale_param"), bottoms
    if params.flag("global_scale"):
        raise layer.error("has a global_scale, which the oracle does not know")
    if factors.size * x.shape[1] != x.size:
        raise layer.error(f"has {factors.size} factors for a bottom of shape {x.shape}")
    return [x * factors.reshape(len(x), 1, *x.shape[2:]) if params.flag("do_forward") else x.copy()]
