"""Reshape: replaces a run of axes; 0 copies an axis, -1 is what remains (src/caffe/layers/reshape_layer.cpp)."""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "Reshape"
NOT_IN_PLACE = True
MESSAGES = ("reshape_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same numbers in the wanted shape."""
    layer.expect(bottoms, 1)
    params = layer.params("reshape_param")
    shape = bottoms[0].shape
    axis, span = params.integer("axis"), params.integer("num_axes")
    start = axis if axis >= 0 else len(shape) + axis + 1
    stop = len(shape) if span == -1 else start + span
    if not 0 <= start <= stop <= len(shape):
        raise layer.error(f"axis {axis} and num_axes {span} do not fit a blob of {len(shape)} axes")
    dims = params.message("shape", "shape").integers("dim")
    if (
        any(dim == 0 and start + at >= len(shape) for at, dim in enumerate(dims))
        or dims.count(-1) > 1
        or min(dims, default=0) < -1
    ):
        raise layer.error(f"dims {dims} copy an axis that is not there, leave more than one open, or are negative")
    wanted = (*shape[:start], *(dim or shape[start + at] for at, dim in enumerate(dims)), *shape[stop:])
    return [bottoms[0].reshape(wanted)]
