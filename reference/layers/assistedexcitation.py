"""AssistedExcitation (MobileNet-YOLO's fork) in a training's first iteration: the mean, added where boxes are.

Source: src/caffe/layers/assisted_excitation_layer.cpp of eric612/MobileNet-YOLO. Masks are written where an item's mean
lies, but read from where the first's does, so that only the first item changes.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "AssistedExcitation"
MESSAGES = ()
NOT_IN_PLACE = True
ROWS = 300


def _cells(center: float, size: float, count: int) -> slice:
    first = min(max(int((center - size / 2) * count), 0), count - 1)
    return slice(first, min(max(int((center + size / 2) * count + 0.95), first + 1), count))


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w), labels: (n, 1, 300, 5), mean: (n, h, w); returns the like of x."""
    layer.expect(bottoms, 3)
    x, labels, mean = bottoms
    n, _, height, width = x.shape
    if labels.size != n * ROWS * 5 or mean.size != n * height * width:
        raise layer.error(f"has bottoms of shapes {[bottom.shape for bottom in bottoms]}")
    mask = np.zeros((height, width))
    for _, center_x, center_y, wide, high in labels.reshape(n, ROWS, 5)[0]:
        if not center_x:
            break
        place = _cells(center_y, high, height), _cells(center_x, wide, width)
        mask[place] = mean.reshape(n, height, width)[0][place]
    top = x.copy()
    top[0] += mask
    return [top]
