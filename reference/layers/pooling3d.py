"""Pooling3D (C3D, P3D): maxima or means over windows of length, height and width."""

from __future__ import annotations

from reference.geometry import Window
from reference.layer import Array, Layer
from reference.volumes import POOLING_FIELDS, pool, volume_window

TYPE = "Pooling3D"
MESSAGES = ("pooling3d_param", "pooling_param")
SUMS = True
_LENGTH = (
    "kernel_depth 0 int; temporal_stride 0 int = 1; temporal_pad 0 int = 0; kernel_l 0 int; stride_l 0 int = 1; "
    "pad_l 0 int = 0"
)
FIELDS = (
    "pooling3d_param: "
    + POOLING_FIELDS.format("kernel_size 0 int; stride 0 int = 1; pad 0 int = 0; ")
    + _LENGTH
    + f"\npooling_param: {_LENGTH}"
)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, length, h, w); returns (n, c, length', h', w')."""
    layer.expect(bottoms, 1)
    params = layer.params("pooling3d_param")
    if not params.has("kernel_size") and not params.has("kernel_h") and not params.flag("global_pooling"):
        params = layer.params("pooling_param")
    method = params.choice("pool")
    if method not in ("MAX", "AVE"):
        raise layer.error(f"pools {method}; expected MAX or AVE")
    if params.flag("global_pooling"):
        window = Window(bottoms[0].shape[2:], (1, 1, 1), (0, 0, 0), (1, 1, 1))
    else:
        window = volume_window(params)
    return [pool(layer, bottoms[0], window, method)]
