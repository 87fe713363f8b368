"""AffineMatConversion (Microsoft's fork): (a, b, c, d) of a crop as the rows (a, 0, b), (0, c, d) of a map.

Source: src/caffe/layers/affine_mat_conversion_layer.cpp of chenxistephen/caffe_msra.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "AffineMatConversion"
MESSAGES = ("affine_mat_conversion_param",)
NOT_IN_PLACE = True
FIELDS = "affine_mat_conversion_param: conversion_type 0 enum(RECT_CROP=0) = RECT_CROP"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, 4) with any axes of one behind; returns (n, 6)."""
    layer.expect(bottoms, 1)
    layer.params("affine_mat_conversion_param").choice("conversion_type")
    items = len(bottoms[0])
    if bottoms[0].shape[1:2] != (4,) or bottoms[0].size != 4 * items:
        raise layer.error(f"bottom has shape {bottoms[0].shape}; expected (n, 4)")
    top = np.zeros((items, 6), bottoms[0].dtype)
    top[:, [0, 2, 4, 5]] = bottoms[0].reshape(items, 4)
    return [top]
