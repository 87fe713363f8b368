"""Offsets of Crop layers without `crop_param`: 0 in Caffe; in the forks of FCN and HED what the net's geometry says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal, TypeAlias

import numpy as np

from converter.errors import ConversionError, ShapeError
from converter.formats.record import Field, Record
from converter.layers.crop import Crop
from converter.layers.deconvolution import Deconvolution
from converter.layers.layer import Window
from converter.plan import coordinates
from converter.plan.coordinates import Map
from converter.plan.plan import ConfiguredLayer, Plan

CropRule: TypeAlias = Literal["caffe", "geometry"]
"""What a Crop without `crop_param` does: begin at 0, or where the first bottom lies over the second."""

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


def apply_crop_rule(plan: Plan, crop: CropRule) -> tuple[Plan, tuple[str, ...]]:
    """The plan under a rule, and what a user should know of its Crop layers without `crop_param`.

    Under "geometry" their offsets become a `crop_param` of the net.

    Raises:
        ShapeError: under "geometry": the layers between two bottoms of a Crop do not say how they lie.
    """
    found = crop_offsets(plan.steps)
    if crop == "geometry":
        steps = [_with_offset(step, found[at]) if at in found else step for at, step in enumerate(plan.steps)]
        net = replace(plan.net, layers=tuple(step.layer for step in steps))
        return replace(plan, net=net, steps=tuple(steps)), tuple(_notes(plan, found, "the offset {}, of the geometry"))
    text = (
        'the offset 0 of Caffe; the forks of FCN and HED take {} by the net\'s geometry: crop="geometry" '
        "(--crop geometry) does so"
    )
    moved = {at: one for at, one in found.items() if one.offset is not None and any(one.offset)}
    return plan, tuple(_notes(plan, moved, text))


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
            bottoms = layer.bottoms[:1] if layer.type == "Crop" else layer.bottoms
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


def _with_offset(step: ConfiguredLayer, found: CropOffset) -> ConfiguredLayer:
    """The layer with the offset as its `crop_param`.

    Raises:
        ShapeError: there is none, or too little is left of the first bottom behind it.
    """
    layer = step.layer
    told = f"layer {layer.name!r} ({layer.type})"
    if found.offset is None:
        text = f'{told}: the geometry gives no offset: {found.reason}; state crop_param, or use crop="caffe"'
        raise ShapeError(text, path=layer.where.path, line=layer.where.line, layer=layer.name)
    fields = [("axis", 2), *(("offset", value) for value in found.offset)]
    param = Record("CropParameter", layer.where, tuple(Field(name, value, layer.where) for name, value in fields))
    record = layer.record.with_fields((*layer.record, Field("crop_param", param, layer.where)))
    layer = replace(layer, record=record)
    try:
        operator = type(step.operator)(layer.params(), step.bottom_shapes, tops=len(layer.tops), phase=layer.phase)
        operator.top_shapes(step.bottom_shapes)
    except ConversionError as error:
        error.message = f"{told}: {error.message}"
        error.path, error.line, error.layer = layer.where.path, layer.where.line, layer.name
        raise
    return replace(step, layer=layer, operator=operator)


def _notes(plan: Plan, found: dict[int, CropOffset], text: str) -> Iterator[str]:
    """A note for each Crop."""
    for at, one in found.items():
        layer = plan.steps[at].layer
        if one.offset is not None:
            told = text.format(" and ".join(map(str, dict.fromkeys(one.offset))))
            yield f"{layer.where}: layer {layer.name!r} ({layer.type}): no crop_param: {told}"
