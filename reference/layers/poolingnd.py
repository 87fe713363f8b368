"""PoolingND (yulequan's 3D-Caffe): maxima or means over windows of any axes, src/caffe/layers/pooling_nd_layer.cpp."""

from __future__ import annotations

from reference.geometry import Window
from reference.layer import Array, Layer
from reference.volumes import POOLING_FIELDS, pool

TYPE = "PoolingND"
MESSAGES = ("pooling_nd_param",)
SUMS = True
FIELDS = "pooling_nd_param: " + POOLING_FIELDS.format(
    "kernel_size 0 int*; stride 0 int*; pad 0 int*; engine 0 enum(DEFAULT=0 CAFFE=1 CUDNN=2) = DEFAULT"
)


def _sizes(layer: Layer, name: str, axes: int, absent: int) -> tuple[int, ...]:
    given = layer.params("pooling_nd_param").integers(name) or (absent,)
    sizes = tuple(given) * axes if len(given) == 1 else tuple(given)
    if len(sizes) != axes or min(sizes) < (name != "pad"):
        raise layer.error(f"{name} is {sizes}; expected one size, or one each of {axes} axes")
    return sizes


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, *sizes); returns (n, c, *output sizes)."""
    layer.expect(bottoms, 1)
    x, params = bottoms[0], layer.params("pooling_nd_param")
    axes = x.ndim - 2
    kernel = x.shape[2:] if params.flag("global_pooling") else _sizes(layer, "kernel_size", axes, 0)
    window = Window(kernel, _sizes(layer, "stride", axes, 1), _sizes(layer, "pad", axes, 0), (1,) * axes)
    return [pool(layer, x, window, params.choice("pool"))]
