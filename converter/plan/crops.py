"""Offsets of Crop layers without `crop_param`: 0 in Caffe; in the forks of FCN and HED what the net's geometry says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from converter.errors import ConversionError, ShapeError
from converter.formats.record import Field, Record
from converter.plan.plan import ConfiguredLayer, Plan

if TYPE_CHECKING:
    from converter.plan.crop_geometry import CropOffset

CropRule: TypeAlias = Literal["caffe", "geometry"]
"""What a Crop without `crop_param` does: begin at 0, or where the first bottom lies over the second."""


def apply_crop_rule(plan: Plan, crop: CropRule) -> tuple[Plan, tuple[str, ...]]:
    """The plan under a rule, and what a user should know of its Crop layers without `crop_param`.

    Under "geometry" their offsets become a `crop_param` of the net; an AutoCrop's always do.

    Raises:
        ShapeError: such a layer's bottoms do not say how they lie.
    """
    if not any(
        step.operator.type in ("Crop", "AutoCrop") and "crop_param" not in step.layer.record for step in plan.steps
    ):
        return plan, ()
    from converter.plan.crop_geometry import crop_offsets  # numpy and fractions, for such a layer alone

    found = crop_offsets(plan.steps)
    own = {at: one for at, one in found.items() if crop == "geometry" or plan.steps[at].layer.type == "AutoCrop"}
    steps = [_with_offset(step, own[at]) if at in own else step for at, step in enumerate(plan.steps)]
    net = replace(plan.net, layers=tuple(step.layer for step in steps))
    told = _notes(plan, own, "the offset {}, of the geometry")
    text = (
        'the offset 0 of Caffe; the forks of FCN and HED take {} by the net\'s geometry: crop="geometry" '
        "(--crop geometry) does so"
    )
    moved = {at: one for at, one in found.items() if at not in own and one.offset is not None and any(one.offset)}
    return replace(plan, net=net, steps=tuple(steps)), (*told, *_notes(plan, moved, text))


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
