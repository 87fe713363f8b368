"""Scale: multiplies by a blob, learned or the second bottom, spread over the other axes; then adds a bias.

Blobs: scale of the bottom's axes [axis, axis + num_axes) unless it is the second bottom, bias of the same shape with
bias_term; num_axes -1 reaches to the end, 0 is a single number. Source: src/caffe/layers/scale_layer.cpp.
"""

from __future__ import annotations

from reference.layer import Array, Layer, Parameter
from reference.params import Params

TYPE = "Scale"
MESSAGES = ("scale_param",)


def shape_from_axis(layer: Layer, params: Params, x: Array) -> tuple[int, ...]:
    """The sizes (a shape) of the axes of x that `axis` and `num_axes` name."""
    axis, count = layer.axis(params.integer("axis"), x.ndim), params.integer("num_axes")
    if count < -1 or axis + count > x.ndim:
        raise layer.error(f"num_axes is {count} from axis {axis} on; the bottom has {x.ndim} axes")
    return x.shape[axis:] if count == -1 else x.shape[axis : axis + count]


def spread(layer: Layer, params: Params, factor: Array, x: Array) -> Array:
    """`factor` with axes of 1 before and after, so that it lines up with x: (1, …, d1, …, dk, 1, …)."""
    axis = 0 if factor.ndim == 0 else layer.axis(params.integer("axis"), x.ndim)
    if x.shape[axis : axis + factor.ndim] != factor.shape:
        raise layer.error(f"shape {factor.shape} does not line up with {x.shape} from axis {axis} on")
    return factor.reshape((1,) * axis + factor.shape + (1,) * (x.ndim - axis - factor.ndim))


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """The scale, of the shape that the axes give, unless it is the second bottom, and the bias with bias_term."""
    layer.expect(bottoms, 1, 2)
    params = layer.params("scale_param")
    learned = len(bottoms) == 1
    shape = shape_from_axis(layer, params, bottoms[0]) if learned else bottoms[1].shape
    found = [Parameter(shape, params.message("filler", "filler"), 1.0)] if learned else []
    return [*found, Parameter(shape, params.message("bias_filler", "filler"))] if params.flag("bias_term") else found


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: any shape; returns the same shape."""
    params = layer.params("scale_param")
    x, factor = bottoms[0], bottoms[1] if len(bottoms) == 2 else blobs[0]
    y = x * spread(layer, params, factor, x)
    return [y + spread(layer, params, blobs[-1], x) if params.flag("bias_term") else y]
