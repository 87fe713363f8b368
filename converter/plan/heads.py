"""A configured net with other numbers of outputs in chosen layers: heads for other classes. No torch."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from converter.errors import GraphError
from converter.formats.record import Field, Record
from converter.net.net import Layer
from converter.plan.plan import ConfiguredLayer, Plan, build_plan

_PARAMETERS = (
    "inner_product_param",
    "convolution_param",
    "margin_inner_product_param",
    "largemargin_inner_product_param",
    "center_loss_param",
)
"""Messages that hold a num_output which a user may want another of."""


def plan_with_outputs(plan: Plan, outputs: Mapping[str, int]) -> Plan:
    """The plan of the same net in which layers have other numbers of outputs.

    A layer with a group for every output (an upsampling Deconvolution) keeps that. Every layer is configured anew, so
    what follows is checked.

    Args:
        plan: the net as it is.
        outputs: num_output by layer name.

    Raises:
        GraphError: no such layer, or one that has no num_output.
        ShapeError: the net does not fit together with these numbers.
    """
    names = [step.layer.name for step in plan.steps]
    for name in outputs:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=3) or names[-3:]
            raise GraphError(f"the net has no layer {name!r}; did you mean {' or '.join(map(repr, close))}?")
    layers = tuple(
        _with_outputs(step, outputs[step.layer.name]) if step.layer.name in outputs else step.layer
        for step in plan.steps
    )
    return build_plan(replace(plan.net, layers=layers), plan.inputs, allow_unknown=True)


def layers_with_outputs(old: Plan, new: Plan, named: Mapping[str, int]) -> list[ConfiguredLayer]:
    """Layers of the new plan that are named or whose blobs have other shapes: their numbers are not kept.

    Raises:
        GraphError: a layer with a num_output of its own is among them and is not named.
    """
    changed = [
        step
        for before, step in zip(old.steps, new.steps, strict=True)
        if step.layer.name in named
        or [blob.shape for blob in before.operator.blobs] != [blob.shape for blob in step.operator.blobs]
    ]
    for step in changed:
        if step.layer.name not in named and _message(step.layer) is not None:
            heads = ", ".join(map(repr, named))
            raise GraphError(
                f"layer {step.layer.name!r} ({step.layer.type}) takes what {heads} gives and would lose its weights "
                "too; name it with its number of outputs as well",
                layer=step.layer.name,
            )
    return changed


def _with_outputs(step: ConfiguredLayer, outputs: int) -> Layer:
    """The layer with another num_output.

    Raises:
        GraphError: it has none.
    """
    layer, name = step.layer, _message(step.layer)
    if name is None:
        raise GraphError(
            f"layer {layer.name!r} ({layer.type}) has no number of outputs of its own; name the InnerProduct or "
            "Convolution that gives the classes",
            layer=layer.name,
        )
    fields = [_with_num_output(item, outputs) if item.name == name else item for item in layer.record]
    return replace(layer, record=layer.record.with_fields(fields))


def _message(layer: Layer) -> str | None:
    """The name of the message that holds the layer's num_output."""
    found = (item for item in layer.record if item.name in _PARAMETERS and isinstance(item.value, Record))
    return next((item.name for item in found if "num_output" in item.value), None)  # type: ignore[operator]


def _with_num_output(item: Field, outputs: int) -> Field:
    """A parameter message with another num_output, and as many groups where there was one an output."""
    record = item.value
    assert isinstance(record, Record)
    grouped = record.last("group") is not None and record.last("group") == record.last("num_output")
    changed = {"num_output", "group"} if grouped else {"num_output"}
    fields: Sequence[Field] = [replace(one, value=outputs) if one.name in changed else one for one in record]
    return replace(item, value=record.with_fields(fields))
