"""Filter: of every bottom but the last, the items where the last is not 0 (src/caffe/layers/filter_layer.cpp)."""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "Filter"
DISCONTINUOUS_FROM = 0


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """values: (n, ...), selector: (n,); returns (m, ...) each."""
    layer.expect(bottoms, 2, max(2, len(layer.tops) + 1))
    *values, selector = bottoms
    if any(len(value) != selector.size for value in values):
        raise layer.error(
            f"the selector has {selector.size} entries; the bottoms {[len(value) for value in values]} items"
        )
    return [value[selector.ravel() != 0] for value in values]
