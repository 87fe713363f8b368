"""A plan as boxes and arrows: layers that work in place are stacked in the box of the layer whose blob they change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from converter.layers.layer import Operator
from converter.net.net import Shape
from converter.plan.inspection import Row
from converter.plan.plan import ConfiguredLayer, Plan

_KINDS = {
    "weights": "Convolution Deconvolution HoleConvolution DepthwiseConvolution NdConvolution InnerProduct Embed "
    "LSTM RNN",
    "pooling": "Pooling NdPooling Unpooling Upsample SPP ROIPooling PSROIPooling Interp",
    "activation": "ReLU ReLU6 PReLU CReLU ELU Sigmoid TanH BNLL Swish AbsVal Clip Threshold Softmax Dropout",
    "norm": "BatchNorm BN Scale Bias LRN MVN Normalize",
    "loss": "Accuracy EltwiseAccuracy",
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer as it is written: `kind` chooses the color, `lines` say what matters of it."""

    name: str
    type: str
    kind: str
    lines: tuple[str, ...]


@dataclass(slots=True)
class Outlet:
    """A top of a box: the blob as the box leaves it, and who reads it: (box, which of its bottoms)."""

    blob: str
    shape: Shape
    readers: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Box:
    """A layer, and below it those that change its top in place."""

    layers: list[LayerFacts]
    bottoms: int
    outlets: list[Outlet]


def net_boxes(plan: Plan, rows: Iterable[Row]) -> list[Box]:
    """The boxes in the net's order, so that every arrow leads to a later one; `rows` are the plan's own.

    A layer that works in place stands alone where another layer reads the blob before it: the box could not tell
    which of the two values an arrow carries.
    """
    boxes: list[Box] = []
    written: dict[str, tuple[int, Outlet]] = {}
    for step, row in zip(plan.steps, rows, strict=True):
        layer = step.layer
        facts = LayerFacts(layer.name, layer.type, kind_of(step.operator), tuple(_lines(step, row)))
        if len(layer.bottoms) == 1 and layer.bottoms == layer.tops and not written[layer.bottoms[0]][1].readers:
            index, outlet = written[layer.bottoms[0]]
            boxes[index].layers.append(facts)
            outlet.shape = step.top_shapes[0]
            continue
        for place, name in enumerate(layer.bottoms):
            written[name][1].readers.append((len(boxes), place))
        outlets = [Outlet(name, shape) for name, shape in zip(layer.tops, step.top_shapes, strict=True)]
        written.update((outlet.blob, (len(boxes), outlet)) for outlet in outlets)
        boxes.append(Box([facts], len(layer.bottoms), outlets))
    return boxes


def kind_of(operator: Operator) -> str:
    """Which of the drawing's colors a layer has."""
    if operator.is_input:
        return "data"
    if operator.is_loss:
        return "loss"
    return _KIND_OF.get(operator.type, "other")


def shape_text(shape: Shape) -> str:
    """A shape as people write it."""
    return "×".join(map(str, shape)) if shape else "scalar"


def _lines(step: ConfiguredLayer, row: Row) -> Iterable[str]:
    if settings := ", ".join(_settings(step.operator)):
        yield settings
    if row.parameters:
        yield f"{row.parameters:,} parameters"
    if row.receptive_field and step.operator.window() is not None:
        yield f"receptive field {_axes(row.receptive_field.field)}, every {_axes(row.receptive_field.stride)}"


def _settings(operator: Operator) -> Iterable[str]:
    """What matters of a layer, as far as its operator has attributes of the usual names."""
    method = getattr(operator, "method", None) or getattr(operator, "operation", None)
    if isinstance(method, str):
        yield method
    if getattr(operator, "whole", False) is True:
        yield "global"
        return
    window = getattr(operator, "geometry", operator)
    kernel = _tuple(window, "kernel")
    if kernel:
        yield "×".join(map(str, kernel))
    outputs = getattr(operator, "outputs", None)
    if isinstance(outputs, int):
        yield f"{outputs:,} output{'s' * (outputs != 1)}"
    for name, usual in (("dilation", 1), ("stride", 1), ("pad", 0)) if kernel else ():
        values = _tuple(window, name)
        if any(value != usual for value in values):
            yield f"{name} {_axes(values)}"
    group = getattr(operator, "group", 1)
    if isinstance(group, int) and group > 1:
        yield f"{group:,} groups"
    ratio = getattr(operator, "ratio", None)
    if isinstance(ratio, float):
        yield f"ratio {ratio:g}"


def _tuple(holder: object, name: str) -> tuple[int, ...]:
    value = getattr(holder, name, ())
    return value if isinstance(value, tuple) else ()


def _axes(values: tuple[float, ...]) -> str:
    """One number where all axes agree, else one each."""
    shown = [f"{value:g}" for value in values]
    return shown[0] if len(set(shown)) == 1 else "×".join(shown)
