"""Flip: an image's columns (usual) and rows (if asked for) back to front.

Source: src/caffe/layers/flip_layer.cpp of happynear/caffe-windows.
"""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "Flip"
MESSAGES = ("flip_param",)
NOT_IN_PLACE = True
FIELDS = "flip_param: flip_width 1 bool = true; flip_height 2 bool = false"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w); returns the same shape."""
    layer.expect(bottoms, 1)
    if bottoms[0].ndim != 4:
        raise layer.error(f"bottom has {bottoms[0].ndim} axes; expected 4")
    params = layer.params("flip_param")
    rows = slice(None, None, -1 if params.flag("flip_height") else 1)
    columns = slice(None, None, -1 if params.flag("flip_width") else 1)
    return [bottoms[0][:, :, rows, columns].copy()]
