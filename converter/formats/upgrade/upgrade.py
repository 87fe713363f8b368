"""Nets and solvers of every age in today's spelling, by Caffe's own rules and in its order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from converter.errors import PrototxtError
from converter.formats.record import Field, Record, Where
from converter.formats.upgrade.intel import move_fillers
from converter.formats.upgrade.v0 import upgrade_v0
from converter.formats.upgrade.v1 import upgrade_transforms, upgrade_v1

INPUT_LAYER = "input"  # the name Caffe gives; a layer of the net may bear it too

_INPUT_FIELDS = frozenset({"input", "input_dim", "input_shape"})
_LEGACY_DIMS = 4
_STATISTICS = 3  # BatchNorm's blobs: mean, variance, scale factor
_SOLVER_TYPES = {
    "SGD": "SGD",
    "NESTEROV": "Nesterov",
    "ADAGRAD": "AdaGrad",
    "RMSPROP": "RMSProp",
    "ADADELTA": "AdaDelta",
    "ADAM": "Adam",
}


def upgrade_net(record: Record, notes: list[str] | None = None) -> Record:
    """A NetParameter whose `layer` fields hold V2 layers only; a net in today's spelling comes back equal.

    The steps and their order are Caffe's (src/caffe/util/upgrade_proto.cpp, UpgradeNetAsNeeded): V0 to V1, data layers'
    transformation, V1 to V2, inputs to a first Input layer, BatchNorm's rates to 0; and Intel's fillers of a BatchNorm
    to the Scale layer behind it. Positions stay those of the file, unknown fields stay where they are. What is dropped
    or differs from Caffe is appended to `notes`, a line each.

    Raises:
        PrototxtError: an input without a shape, or a padding layer that cannot be folded away.
    """
    said = notes if notes is not None else []
    net = upgrade_v0(record, said)
    net = upgrade_transforms(net)
    net = upgrade_v1(net, said)
    net = _upgrade_inputs(net, said)
    return move_fillers(_upgrade_batch_norm(net), said)


def upgrade_solver(record: Record) -> Record:
    """A SolverParameter with `type` in place of the older `solver_type` (UpgradeSolverType).

    Raises:
        PrototxtError: both are given, or the old one is none of Caffe's six.
    """
    old = [item for item in record.fields if item.name == "solver_type"]
    if not old:
        return record
    if "type" in record:
        raise _error(old[-1].where, "'solver_type' is the older spelling of 'type'; both are given; remove one")
    name = _SOLVER_TYPES.get(str(old[-1].value))
    if name is None:
        raise _error(
            old[-1].where, f"solver_type {old[-1].value} is unknown; expected one of {', '.join(_SOLVER_TYPES)}"
        )
    kept = [item for item in record.fields if item.name != "solver_type"]
    return record.with_fields([*kept, Field("type", name, old[-1].where)])


def _upgrade_inputs(net: Record, notes: list[str]) -> Record:
    """`input` with its shapes as one Input layer before all others; without any shape it is dropped, as in Caffe."""
    inputs = [item for item in net.fields if item.name == "input"]
    others = [item for item in net.fields if item.name not in _INPUT_FIELDS]
    if not inputs:
        return net
    if not ("input_shape" in net or "input_dim" in net):
        notes.append(f"{inputs[0].where}: 'input' without input_dim or input_shape is dropped, as Caffe does")
        return net.with_fields(others)
    first = next((index for index, item in enumerate(others) if item.name == "layer"), len(others))
    return net.with_fields([*others[:first], _input_layer(net, inputs), *others[first:]])


def _input_layer(net: Record, inputs: list[Field]) -> Field:
    """The Input layer: one top and one shape an input."""
    where = inputs[0].where
    shapes = list(_shapes(net, inputs))
    layer = (
        Field("name", INPUT_LAYER, where),
        Field("type", "Input", where),
        *(replace(item, name="top") for item in inputs),
        Field("input_param", Record("InputParameter", where, tuple(shapes)), where),
    )
    return Field("layer", Record("LayerParameter", where, layer), where)


def _shapes(net: Record, inputs: list[Field]) -> Iterator[Field]:
    """Each input's shape: its input_shape where the net has any, else its four of the input_dim values."""
    given = [item for item in net.fields if item.name == "input_shape"]
    dims = [item for item in net.fields if item.name == "input_dim"]
    for index, item in enumerate(inputs):
        own = dims[_LEGACY_DIMS * index : _LEGACY_DIMS * (index + 1)]
        if given and index < len(given):
            yield replace(given[index], name="shape")
        elif not given and len(own) == _LEGACY_DIMS:
            shape = Record("BlobShape", own[0].where, tuple(replace(dim, name="dim") for dim in own))
            yield Field("shape", shape, own[0].where)
        else:
            seen = f"{len(given)} input_shape" if given else f"{len(dims)} input_dim"
            message = f"input '{item.value}' has no shape: {len(inputs)} inputs and {seen} values"
            raise _error(item.where, f"{message}; give each input one input_shape or four input_dim")


def _upgrade_batch_norm(net: Record) -> Record:
    """Learning rates and decays of BatchNorm's three statistics at 0 (UpgradeNetBatchNorm)."""
    return net.with_fields(
        replace(item, value=_freeze_batch_norm(item.value))
        if item.name == "layer" and isinstance(item.value, Record)
        else item
        for item in net.fields
    )


def _freeze_batch_norm(layer: Record) -> Record:
    """A BatchNorm layer with exactly three `param` entries, these at rate 0; any other layer as it is."""
    if layer.last("type") != "BatchNorm" or len(layer.all("param")) != _STATISTICS:
        return layer
    return layer.with_fields(
        replace(item, value=_frozen_param(item)) if item.name == "param" else item for item in layer.fields
    )


def _frozen_param(item: Field) -> Record:
    """One ParamSpec with lr_mult and decay_mult 0."""
    given = item.value.fields if isinstance(item.value, Record) else ()
    kept = [entry for entry in given if entry.name not in ("lr_mult", "decay_mult")]
    zeros = [Field("lr_mult", 0.0, item.where), Field("decay_mult", 0.0, item.where)]
    return Record("ParamSpec", item.where, (*kept, *zeros))


def _error(where: Where, message: str) -> PrototxtError:
    """The complaint about the field at `where`."""
    return PrototxtError(message, path=where.path, line=where.line, column=where.column)
