"""BatchReindex: items of the first bottom, in the order that the second names.

Source: src/caffe/layers/batch_reindex_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "BatchReindex"
DISCONTINUOUS_FROM = 0


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, ...), index: (m,); returns (m, ...)."""
    layer.expect(bottoms, 2)
    if bottoms[1].ndim != 1:
        raise layer.error(f"the indices have shape {bottoms[1].shape}; expected one axis")
    places = bottoms[1].ravel().astype(np.int64)
    if places.size and not 0 <= places.min() <= places.max() < len(bottoms[0]):
        raise layer.error(f"an index is outside 0 to {len(bottoms[0]) - 1}")
    return [bottoms[0][places]]
