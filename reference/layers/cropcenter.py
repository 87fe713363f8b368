"""CropCenter (waifu2x's fork): as many places cut off at both ends of an axis as crop_size says, one size an axis.

Source: src/caffe/layers/crop_center_layer.cpp of lltcggie/caffe.
"""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "CropCenter"
MESSAGES = ("crop_center_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns it with 2 crop_size[i] places fewer along axis i."""
    layer.expect(bottoms, 1)
    x, sizes = bottoms[0], layer.params("crop_center_param").integers("crop_size")
    if len(sizes) != x.ndim or min(sizes) < 0 or any(2 * cut >= size for cut, size in zip(sizes, x.shape, strict=True)):
        raise layer.error(f"crop_size is {sizes} for a bottom of shape {x.shape}; expected one an axis, under its half")
    return [x[tuple(slice(cut, size - cut) for cut, size in zip(sizes, x.shape, strict=True))]]
