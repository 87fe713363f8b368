"""How far each blob sees into the net's input: receptive field and stride, followed through the layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """Of one blob, per spatial axis: pixels one position sees, and pixels between two neighbours."""

    field: tuple[int, ...]
    stride: tuple[float, ...]


def widened(reach: Reach, extent: Sequence[int], stride: Sequence[int]) -> Reach:
    """The reach behind a window: field + (extent - 1) * stride, stride * stride (paper, section 2)."""
    steps = zip(reach.field, reach.stride, extent, strict=True)
    field = tuple(round(f + (e - 1) * s) for f, s, e in steps)
    return Reach(field, tuple(s * t for s, t in zip(reach.stride, stride, strict=True)))


def joined(reaches: Sequence[Reach]) -> Reach:
    """What a layer with several bottoms sees: the widest field, the coarsest stride."""
    fields = zip(*(reach.field for reach in reaches), strict=False)
    strides = zip(*(reach.stride for reach in reaches), strict=False)
    return Reach(tuple(map(max, fields)), tuple(map(max, strides)))
