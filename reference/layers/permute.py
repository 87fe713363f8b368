"""Permute (SSD's fork): axes in the order given, the ones not named after them in their own order."""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "Permute"
MESSAGES = ("permute_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns its axes in another order."""
    layer.expect(bottoms, 1)
    order = layer.params("permute_param").integers("order")
    rank = bottoms[0].ndim
    if len(set(order)) != len(order) or any(not 0 <= axis < rank for axis in order):
        raise layer.error(f"order {order} is no order of {rank} axes")
    return [bottoms[0].transpose([*order, *(axis for axis in range(rank) if axis not in order)])]
