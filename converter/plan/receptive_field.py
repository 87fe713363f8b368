"""How far each blob sees into the net's input: receptive field and stride, followed through the layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """Of one blob, per spatial axis: pixels one position sees, and pixels between two neighbors."""

    field: tuple[int, ...]
    stride: tuple[float, ...]


def through_window(part: ReceptiveField, extent: Sequence[int], stride: Sequence[int]) -> ReceptiveField:
    """The receptive field behind a window: field + (extent - 1) * stride, stride * stride (paper, section 2)."""
    steps = zip(part.field, part.stride, extent, strict=True)
    field = tuple(round(f + (e - 1) * s) for f, s, e in steps)
    return ReceptiveField(field, tuple(s * t for s, t in zip(part.stride, stride, strict=True)))


def union(parts: Sequence[ReceptiveField]) -> ReceptiveField:
    """What a layer with several bottoms sees: the widest field, the coarsest stride."""
    fields = zip(*(part.field for part in parts), strict=False)
    strides = zip(*(part.stride for part in parts), strict=False)
    return ReceptiveField(tuple(map(max, fields)), tuple(map(max, strides)))
