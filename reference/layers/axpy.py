"""Axpy (SENet's fork): y = a x + z, one a for each item and channel."""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "Axpy"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """a: (n, c) or (n, c, 1, 1), x, z: (n, c, h, w); returns (n, c, h, w)."""
    layer.expect(bottoms, 3)
    a, x, z = bottoms
    if a.size != x.shape[0] * x.shape[1] or x.shape != z.shape:
        raise layer.error(f"a, x, z have shapes {a.shape}, {x.shape}, {z.shape}; expected (n, c), (n, c, h, w) twice")
    return [a.reshape(*x.shape[:2], *(1,) * (x.ndim - 2)) * x + z]
