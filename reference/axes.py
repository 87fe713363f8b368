"""Axes of an array taken together."""

from __future__ import annotations

import math

from reference.layer import Array


def joined(x: Array, axis: int) -> Array:
    """The array with the axes from `axis` on as one; of no items too, for which reshape takes no -1."""
    return x.reshape(*x.shape[:axis], math.prod(x.shape[axis:]))
