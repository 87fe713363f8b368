"""What a net holds by layer: shapes, parameters, multiply-adds, receptive field; what is unknown or unused."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from converter.errors import ShapeError, UnsupportedLayerError, UnsupportedParameterError, WeightsError
from converter.formats.prototxt.templates import Values
from converter.layers.kit.windows import element_count
from converter.layers.layer import Window, operator_types
from converter.net.net import Net, Phase, Shape
from converter.net.reading import read_net
from converter.plan.crops import CropRule, apply_crop_rule
from converter.plan.plan import ConfiguredLayer, Plan, build_plan
from converter.plan.receptive_field import ReceptiveField, through_window, union
from converter.plan.stored_names import blob_counts, by_layer

if TYPE_CHECKING:
    from converter.formats.weights.stored import StoredWeights

Path = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One layer: `shape` of its first top, `receptive_field` into the input where it can be followed, else None."""

    name: str
    type: str
    shape: Shape | None
    parameters: int
    multiply_adds: int
    receptive_field: ReceptiveField | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """A net as a table, and remarks: `problems` would stop a build, `notes` are worth knowing.

    `plan` is what the rows were made of; None where the net does not build.
    """

    net: Net
    rows: tuple[Row, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    plan: Plan | None = None


def inspect_net(
    prototxt: Path,
    weights: Path | None = None,
    *,
    phase: str = "test",
    inputs: Mapping[str, Shape] | None = None,
    key: str | None = None,
    stages: Sequence[str] = (),
    level: int = 0,
    crop: CropRule = "caffe",
    values: Values | None = None,
    until: Sequence[str] = (),
) -> Inspection:
    """Read a net, and its weights if given, without torch; what cannot be built is reported, not raised.

    Arguments as `converter.load` has them.

    Raises:
        ConversionError: a file does not read at all, the layers do not connect, or none is left in this state.
    """
    chosen: Phase = "train" if phase == "train" else "test"
    net = read_net(prototxt, chosen, allow_unknown=True, stages=stages, level=level, values=values, until=until)
    stored = _read(weights, key) if weights is not None else None
    notes = [*net.notes, *(f"{item.where}: {item.name}: unknown to Caffe" for item in net.unknown)]
    if stored is not None:
        notes += _notes_on_file(stored)
    try:
        plan = build_plan(net, inputs, allow_unknown=True, stored_blobs=blob_counts(stored))
        plan, crop_notes = apply_crop_rule(plan, crop)
    except (UnsupportedLayerError, UnsupportedParameterError, ShapeError) as error:
        return Inspection(net, _rows_without_shapes(net, stored), (str(error),), tuple(notes))
    notes += (*plan.notes, *crop_notes)
    problems = [f"{leftover}: set, but no layer reads it" for leftover in plan.leftovers]
    if stored is not None:
        from converter.plan.weights import match

        try:
            notes += [note for note in match(plan, stored).notes if note not in notes]
        except WeightsError as error:
            problems.append(str(error))
    return Inspection(net, _rows(plan), tuple(problems), tuple(notes), plan)


def _read(weights: Path, key: str | None) -> StoredWeights:
    """A weights file; numpy is imported for one alone, since that takes as long as all the rest of a small net."""
    from converter.formats import weights as weights_files

    return weights_files.read(weights, key=key)


def _notes_on_file(stored: StoredWeights) -> list[str]:
    """Where a weights file came from, what its reader says, and numbers in it that are not finite."""
    from converter.formats.weights.stored import origin_text
    from converter.plan.finite import notes_on_nonfinite

    origin = origin_text(stored.metadata)
    return [*((f"weights: {origin}",) if origin else ()), *stored.notes, *notes_on_nonfinite(stored)]


def _rows(plan: Plan) -> tuple[Row, ...]:
    fields: dict[str, ReceptiveField | None] = {}
    rows = []
    for step in plan.steps:
        receptive_field = _receptive_field(step, fields)
        fields.update(dict.fromkeys(step.layer.tops, receptive_field))
        parameters = sum(element_count(blob.shape) for blob in step.operator.blobs)
        work = step.operator.multiply_adds(step.bottom_shapes, step.top_shapes)
        shape = step.top_shapes[0] if step.top_shapes else None
        rows.append(Row(step.layer.name, step.layer.type, shape, parameters, work, receptive_field))
    return tuple(rows)


def _receptive_field(step: ConfiguredLayer, fields: Mapping[str, ReceptiveField | None]) -> ReceptiveField | None:
    """Where a layer's positions lie over the input; None once positions no longer correspond to places."""
    if step.operator.is_input:
        axes = max(len(step.top_shapes[0]) - 2, 0) if step.top_shapes else 0
        return ReceptiveField((1,) * axes, (1.0,) * axes) if axes else None
    known = [receptive_field for name in step.layer.bottoms if (receptive_field := fields.get(name)) is not None]
    if not known or not step.top_shapes or len(step.top_shapes[0]) - 2 != len(known[0].field):
        return None
    receptive_field = union(known)
    window: Window | None = step.operator.window()
    if window is None:
        return receptive_field if step.top_shapes[0][2:] == step.bottom_shapes[0][2:] else None
    return through_window(receptive_field, window.extent, window.stride)


def _rows_without_shapes(net: Net, stored: StoredWeights | None) -> tuple[Row, ...]:
    """Rows of a net that cannot be built: names, types, and the weights' sizes where a file has them."""
    held = by_layer(stored, {layer.name for layer in net.layers}) if stored is not None else {}
    known = operator_types()
    return tuple(
        Row(
            layer.name,
            layer.type if layer.type in known else f"{layer.type} (unknown)",
            None,
            sum(blob.size for blob in held[layer.name].stored) if layer.name in held else 0,
            0,
            None,
        )
        for layer in net.layers
    )
