"""Where a blob comes from: how many sums it went through, which decides how much rounding it may show."""

from __future__ import annotations

from typing import NamedTuple

from reference import registry
from reference.net import Net


class Lineage(NamedTuple):
    """A blob's way from the inputs: summing layers on the longest one, and the blob it is an exponential of, if any.

    Layers that compute each value from one keep the latter.
    """

    sums: int
    exponent: str | None = None


def lineage(net: Net) -> dict[str, Lineage]:
    """Each blob's lineage at its last writer."""
    found: dict[str, Lineage] = {}
    for layer in net.layers:
        operator = registry.of(layer)
        assert operator is not None, layer.type
        above = max((found[bottom].sums for bottom in layer.bottoms), default=0)
        exponential = operator.exponential and layer.bottoms
        exponent = layer.bottoms[0] if exponential and layer.bottoms[0] not in layer.tops else None
        above_exponents = [found[bottom].exponent for bottom in layer.bottoms]
        if above_exponents and all(above_exponents) and not operator.exponential and not operator.sums:
            exponent = above_exponents[0]  # element by element: AbsVal of a TanH, or a Concat, is off by what that is
        for top in layer.tops:
            found[top] = Lineage(above + operator.sums, exponent)
    return found
