"""Crop: the axes from `axis` on cut to the second bottom's size, from an offset (src/caffe/layers/crop_layer.cpp)."""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "Crop"
MESSAGES = ("crop_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x, like: the same number of axes; returns x cut to the shape of like from `axis` on."""
    layer.expect(bottoms, 2)
    params = layer.params("crop_param")
    x, like = bottoms
    first = layer.axis(params.integer("axis"), x.ndim)
    offsets = params.integers("offset") or [0]
    if len(offsets) not in (1, x.ndim - first) or x.ndim != like.ndim:
        raise layer.error(f"offset is given {len(offsets)} times; expected once or {x.ndim - first} times")
    offsets = offsets * (x.ndim - first) if len(offsets) == 1 else offsets
    cut = [slice(None)] * first
    for axis, offset in enumerate(offsets, first):
        if offset < 0 or x.shape[axis] - offset < like.shape[axis]:
            raise layer.error(f"axis {axis} has {x.shape[axis]}; offset {offset} and {like.shape[axis]} do not fit")
        cut.append(slice(offset, offset + like.shape[axis]))
    return [x[tuple(cut)]]
