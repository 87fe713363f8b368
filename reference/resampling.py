"""What FlowNet2's resizing layers share: the size of the top, and a matrix applied along each of the last two axes."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.memory import check_size
from reference.params import Params


def target(layer: Layer, params: Params, bottoms: list[Array], names: tuple[str, str]) -> tuple[int, int]:
    """Height and width of the top: the second bottom's, or two fields'."""
    layer.expect(bottoms, 1, 2)
    if any(bottom.ndim != 4 for bottom in bottoms):
        raise layer.error(f"bottoms have shapes {[bottom.shape for bottom in bottoms]}; expected 4 axes each")
    height, width = bottoms[1].shape[2:] if len(bottoms) == 2 else (params.integer(name) for name in names)
    if min(height, width) < 1:
        raise layer.error(f"{names[0]} and {names[1]} are {height} and {width}; expected 1 or more")
    check_size(*bottoms[0].shape[:2], height, width)
    return height, width


def apply(rows: Array, x: Array, columns: Array) -> Array:
    """rows: (h_out, h), x: (n, c, h, w), columns: (w_out, w); returns (n, c, h_out, w_out)."""
    return np.asarray(np.einsum("yh,nchw,xw->ncyx", rows, x, columns, optimize=True))
