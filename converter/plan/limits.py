"""How many numbers one blob may hold."""

from __future__ import annotations

import math

from converter.errors import ShapeError
from converter.net.net import Shape

MOST_NUMBERS = 2**31 - 1
"""Of one blob, in Caffe (src/caffe/blob.cpp, Reshape)."""


def check_count(what: str, shape: Shape) -> None:
    """Refuse a blob of more numbers than Caffe counts.

    Raises:
        ShapeError: it has more.
    """
    count = math.prod(shape)
    if count > MOST_NUMBERS:
        sizes = "×".join(map(str, shape))
        raise ShapeError(f"{what} of {sizes} would hold {count} numbers; a blob holds at most {MOST_NUMBERS}")
