"""Transpose (text-recognition forks): axis i of the top is axis dim[i] of the bottom."""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "Transpose"
MESSAGES = ("transpose_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns its axes in another order."""
    layer.expect(bottoms, 1)
    order = layer.params("transpose_param").integers("dim")
    if sorted(order) != list(range(bottoms[0].ndim)):
        raise layer.error(f"dim {order} is no order of {bottoms[0].ndim} axes")
    return [bottoms[0].transpose(order)]
