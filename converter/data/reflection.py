"""Reflection at an image's edges without repeating them, as index arithmetic."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Index: TypeAlias = npt.NDArray[np.intp]


def reflect101(positions: Index, length: int) -> Index:
    """Positions outside 0 to length - 1 mirrored back in, as often as it takes, without repeating the edge.

    OpenCV's BORDER_REFLECT_101; a length of 1 repeats its only pixel.
    """
    if length == 1:
        return np.zeros_like(positions)
    period = 2 * (length - 1)
    folded = positions % period
    return np.minimum(folded, period - folded)
