"""How the two bottoms of a Crop lie over each other, by the maps of the layers between them, in exact fractions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from converter.layers.crop import Crop
from converter.layers.deconvolution import Deconvolution
from converter.layers.layer import Window
from converter.plan import coordinates
from converter.plan.coordinates import Map
from converter.plan.plan import ConfiguredLayer

Offset: TypeAlias = tuple[int, int]
Array: TypeAlias = "np.ndarray[Any, Any]"

_KEEPING = frozenset({*coordinates.POSITION_KEEPING, "Concat", "Slice", "Softmax"})
"""The forks know three types more."""

_WINDOWED = frozenset({"Convolution", "DepthwiseConvolution", "HoleConvolution", "Im2col", "Pooling"})


@dataclass(frozen=True, slots=True)
class CropOffset:
    """The offset (h, w) that the geometry gives a Crop layer; None where it gives none, for this reason."""

    offset: Offset | None
    reason: str = ""


def crop_offsets(steps: Sequence[ConfiguredLayer]) -> dict[int, CropOffset]:
    """The offset of every Crop without `crop_param` by its position in the net, as the forks compute it.

    Source: src/caffe/layers/crop_layer.cpp of s9xie/hed (LayerSetUp).
    """
    geometry = _Geometry(steps)
    for at, step in enumerate(steps):
        if isinstance(step.operator, Crop) and "crop_param" not in step.layer.record:
            geometry.offsets[at] = geometry.offset_of(step)
    return geometry.offsets


class _Geometry:
    """A net's maps between blobs; `offsets` are those of the Crop layers met so far."""

    def __init__(self, steps: Sequence[ConfiguredLayer]) -> None:
        self._steps = steps
        self._writers: dict[str, int] = {}
        for at, step in enumerate(steps):
            for top in step.layer.tops:
                self._writers.setdefault(top, at)  # layers in place leave positions alone
        self.offsets: dict[int, CropOffset] = {}

    def offset_of(self, step: ConfiguredLayer) -> CropOffset:
        """How far the first bottom reaches before the second."""
        if any(len(shape) != 4 for shape in step.bottom_shapes):
            return CropOffset(None, "its bottoms are no images of four axes")
        first, second = (self._maps_back(name) for name in step.layer.bottoms)
        common = next((name for name in second if name in first), None)
        if common is None:
            return CropOffset(None, "its bottoms come from no common blob by layers whose positions can be followed")
        scale, shift = (
            np.broadcast_to(one, 2) for one in coordinates.compose(second[common], coordinates.inverse(first[common]))
        )
        if any(scale != 1):
            return CropOffset(None, f"its bottoms' scales differ by {_text(scale)}")
        if any(shift > 0) or any(value.denominator != 1 for value in map(Fraction, shift)):
            return CropOffset(None, f"its first bottom would begin at {_text(-shift)}")
        return CropOffset((int(-shift[0]), int(-shift[1])))

    def _maps_back(self, blob: str) -> dict[str, Map]:
        """The map to a blob from each one that it comes from, itself first, first bottoms before others."""
        maps: dict[str, Map] = {}
        waiting: list[tuple[str, Map]] = [(blob, (Fraction(1), Fraction(0)))]
        while waiting:
            name, known = waiting.pop()
            if name in maps:
                continue
            maps[name] = known
            at = self._writers[name]
            own, layer = self._map_of(at), self._steps[at].layer
            bottoms = layer.bottoms[:1] if isinstance(self._steps[at].operator, Crop) else layer.bottoms
            if own is not None:
                waiting += [(below, coordinates.compose(known, own)) for below in reversed(bottoms)]
        return maps

    def _map_of(self, at: int) -> Map | None:
        """A layer's map over height and width; None where it has none."""
        operator = self._steps[at].operator
        if isinstance(operator, Crop):
            offset = self.offsets[at].offset if at in self.offsets else (0, 0, *operator.offsets)[-2:]
            return None if offset is None else (1, -_exact(offset))
        if isinstance(operator, Deconvolution):
            return _map_by(coordinates.transposed_map, operator.geometry.window)
        if operator.type in _WINDOWED:
            return _map_by(coordinates.window_map, operator.window())
        return coordinates.IDENTITY if operator.type in _KEEPING else None


def _map_by(make: Callable[[Any, Any, Any], Map], window: Window | None) -> Map | None:
    """The map of a window over two axes; a global pooling has none."""
    if window is None or len(window.pad) != 2:
        return None
    return make(_exact(window.extent), _exact(window.stride), _exact(window.pad))


def _exact(values: Sequence[int]) -> Array:
    """Numbers that divide without rounding."""
    return np.array([Fraction(value) for value in values], dtype=object)


def _text(values: Array) -> str:
    return ", ".join(str(value) for value in values)
