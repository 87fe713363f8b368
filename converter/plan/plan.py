"""From a frozen net to operators with shapes: every layer configured in order, every field accounted for, no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from converter.errors import ConversionError, ShapeError, UnsupportedParameterError
from converter.formats.protobuf.schema import fields
from converter.layers.kit.unknown_types import UnknownSource, operator_for
from converter.layers.layer import Operator, operator_type
from converter.net.net import Layer, Net, ParamSpec, Shape
from converter.net.params import Leftover
from converter.plan.inferred import inferred_inputs
from converter.plan.layer_types import check_types
from converter.plan.limits import check_count
from converter.plan.missing import check_stated
from converter.plan.multipliers import Multipliers, multipliers


@dataclass(frozen=True, slots=True)
class ConfiguredLayer:
    """One layer ready to run: its operator, and the shapes it was configured with."""

    layer: Layer
    operator: Operator
    bottom_shapes: tuple[Shape, ...]
    top_shapes: tuple[Shape, ...]
    repeat: int = 0
    """How many layers before it bear its name: weights go to the first alone, as in Caffe."""

    @property
    def key(self) -> str:
        """What its blobs are listed under: its name; of a later layer of that name a text that no name can be."""
        return f"{self.layer.name}\ud800{self.repeat}" if self.repeat else self.layer.name

    @property
    def notes(self) -> tuple[str, ...]:
        """What its operator assumed, where the caller did not say otherwise."""
        if not self.operator.notes or self.top_shapes != tuple(self.operator.top_shapes([])):
            return ()
        where = f"{self.layer.where}: layer {self.layer.name!r} ({self.layer.type})"
        return tuple(f"{where}: {note}" for note in self.operator.notes)


@dataclass(frozen=True, slots=True)
class Plan:
    """A net whose layers are configured; `shapes` holds each blob's shape (its last writer's), `inputs` what is fed.

    `leftovers` are set fields that no layer read: empty unless they were allowed. `ignored` are messages of other layer
    types, which Caffe passes over. `multipliers` are each layer's blobs' `lr_mult` and `decay_mult`. `inferred` says
    which inputs have the shapes that the layers behind them need.
    """

    net: Net
    steps: tuple[ConfiguredLayer, ...]
    inputs: Mapping[str, Shape]
    shapes: Mapping[str, Shape]
    leftovers: tuple[Leftover, ...]
    ignored: tuple[Leftover, ...] = ()
    multipliers: tuple[tuple[Multipliers, ...], ...] = ()
    inferred: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know: messages that Caffe ignores, and input shapes that were assumed."""
        ignored = (f"{item}: of no effect, a message of another layer type" for item in self.ignored)
        return (*ignored, *self.inferred, *(note for step in self.steps for note in step.notes))

    def __deepcopy__(self, memo: dict[int, object]) -> Plan:
        """The plan itself: nothing in it changes."""
        return self

    def step(self, name: str) -> ConfiguredLayer:
        """The layer of that name."""
        return next(step for step in self.steps if step.layer.name == name)


def build_plan(
    net: Net,
    inputs: Mapping[str, Shape] | None = None,
    *,
    allow_unknown: bool = False,
    stored_blobs: Mapping[str, int] | None = None,
) -> Plan:
    """Configure every layer of a net.

    Args:
        net: a net of one phase.
        inputs: shapes of the net's inputs, where the file does not state them or others are wanted.
        allow_unknown: go on where a set field is left over, and list it.
        stored_blobs: how many blobs the weights file has for each layer, where one is at hand.

    Raises:
        UnsupportedLayerError: layer types that are not registered, all of them at once.
        UnsupportedParameterError: set fields that no layer took, or values it cannot honour.
        ShapeError: shapes that do not fit.
        GraphError: layers that share a blob and state different multipliers for it.
    """
    check_types(net)
    given = dict(inputs or {})
    inferred = _inferred(net, given)
    given |= {name: shape for name, (shape, _) in inferred.items()}
    check_stated(net, given)
    shapes: dict[str, Shape] = {}
    steps: list[ConfiguredLayer] = []
    leftovers: list[Leftover] = []
    ignored: list[Leftover] = []
    names: Counter[str] = Counter()
    for layer in net.layers:
        counts = stored_blobs if stored_blobs and not names[layer.name] else {}
        step = replace(_configure(layer, shapes, given, counts.get(layer.name)), repeat=names[layer.name])
        names[layer.name] += 1
        shapes.update(zip(layer.tops, step.top_shapes, strict=True))
        for leftover in step.operator.params.leftovers():
            (ignored if _belongs_to_other_type(leftover, layer.type) else leftovers).append(leftover)
        steps.append(step)
    _refuse_stray_inputs(given, steps)
    if leftovers and not allow_unknown:
        raise _leftover_error(leftovers)
    input_shapes = {
        top: shape
        for step in steps
        if step.operator.is_input
        for top, shape in zip(step.layer.tops, step.top_shapes, strict=True)
    }
    rates = multipliers([(step.layer, len(step.operator.blobs), step.operator.own_rates) for step in steps])
    said = tuple(_inferred_note(name, shape, layer) for name, (shape, layer) in inferred.items())
    return Plan(net, tuple(steps), input_shapes, shapes, tuple(leftovers), tuple(ignored), rates, said)


def inferred_shapes(net: Net, given: Mapping[str, Shape]) -> dict[str, Shape]:
    """Shapes of inputs that neither the file nor the caller states, but layers behind them imply, by blob."""
    return {name: shape for name, (shape, _) in _inferred(net, given).items()}


def _inferred(net: Net, given: Mapping[str, Shape]) -> dict[str, tuple[Shape, Layer]]:
    return inferred_inputs(net, given, lambda layer, known: _configure(layer, known, given, None).top_shapes)


def _inferred_note(name: str, shape: Shape, layer: Layer) -> str:
    return (
        f"{layer.where}: layer {layer.name!r} ({layer.type}): {name!r} is taken to be of shape {shape}, which fits it"
    )


def _configure(
    layer: Layer, shapes: Mapping[str, Shape], given: Mapping[str, Shape], stored_blobs: int | None
) -> ConfiguredLayer:
    bottoms = tuple(shapes[name] for name in layer.bottoms)
    kind = UnknownSource if operator_for(layer) is UnknownSource else operator_type(layer.type)
    assert kind is not None  # `check_types` looked
    try:
        params = layer.params()
        params.stored_blobs = stored_blobs
        operator = kind(params, bottoms, tops=len(layer.tops), phase=layer.phase)
        if operator.is_input:
            tops = tuple(_input_shapes(layer, operator, given))
        else:
            tops = tuple(tuple(shape) for shape in operator.top_shapes(bottoms))
        if not operator.in_place and not set(layer.tops).isdisjoint(layer.bottoms):
            raise ShapeError(f"works in place; Caffe lets no {layer.type} layer do so; give the top another name")
        if len(tops) != len(layer.tops):
            raise ShapeError(f"{len(layer.tops)} tops; the layer makes {len(tops)}")
        if any(size < 0 or (size == 0 and i > 0) for shape in tops for i, size in enumerate(shape)):
            raise ShapeError(f"bottoms of shape {list(bottoms)} are too small: the tops would be {list(tops)}")
        for name, shape in zip(layer.tops, tops, strict=True):
            check_count(f"top {name!r}", shape)
        window = operator.window()
        if window is not None and len(bottoms[0]) == len(window.pad) + 2:
            padded = (size + 2 * pad for size, pad in zip(bottoms[0][2:], window.pad, strict=True))
            check_count("its bottom with pads", (*bottoms[0][:2], *padded))
        for blob in operator.blobs:
            check_count(f"blob '{blob.name}'", blob.shape)
        _check_param_specs(layer, operator)
    except ConversionError as error:
        raise _at_layer(error, layer) from None
    return ConfiguredLayer(layer, operator, bottoms, tops)


def _check_param_specs(layer: Layer, operator: Operator) -> None:
    """No more entries than blobs, and no rates for statistics, which BVLC's Caffe lets no solver touch."""
    rates = [spec.lr_mult for spec in layer.param_specs[: operator.fixed_blobs]]
    if any(rates) and operator.refuses_rates:
        raise ShapeError(f"lr_mult {max(filter(None, rates)):g} for statistics; expected 0, or no param at all")
    if len(layer.param_specs) > max(len(operator.blobs), 0) and operator.blobs:
        raise ShapeError(f"{len(layer.param_specs)} param entries; the layer has {len(operator.blobs)} blobs")


def _input_shapes(layer: Layer, operator: Operator, given: Mapping[str, Shape]) -> Sequence[Shape]:
    """An input layer's shapes: what the caller gave, else what the file states."""
    stated = list(operator.top_shapes([]))
    return [given.get(top, stated[i] if i < len(stated) else ()) for i, top in enumerate(layer.tops)]


def _belongs_to_other_type(leftover: Leftover, layer_type: str) -> bool:
    """Whether a field is a whole message that Caffe knows, not this type's own, which the type never looks at."""
    spec = fields("LayerParameter").get(leftover.path)
    own = leftover.path.removesuffix("_param").replace("_", "") == layer_type.lower()
    return spec is not None and bool(spec.kind) and leftover.path.endswith("_param") and not own


def _leftover_error(leftovers: Sequence[Leftover]) -> UnsupportedParameterError:
    first = leftovers[0]
    more = (
        f" (and {len(leftovers) - 1} more: {', '.join(item.path for item in leftovers[1:6])})" if leftovers[1:] else ""
    )
    return UnsupportedParameterError(
        f"layer {first.layer!r}: {first.path}: {first.value}: set, but no layer read it{more}; "
        "correct it, or allow unknown fields to go on without it",
        path=first.file,
        line=first.line,
        layer=first.layer,
        field=first.path,
    )


def _at_layer(error: ConversionError, layer: Layer) -> ConversionError:
    """The same error, saying which layer it is about and where that stands."""
    if error.layer is None:
        error.message = f"layer {layer.name!r} ({layer.type}): {error.message}"
        error.layer = layer.name
    if error.path is None:
        error.path, error.line = layer.where.path, layer.where.line
    return error


def _refuse_stray_inputs(given: Mapping[str, Shape], steps: Sequence[ConfiguredLayer]) -> None:
    inputs = [top for step in steps if step.operator.is_input for top in step.layer.tops]
    stray = [name for name in given if name not in inputs]
    if stray:
        raise ShapeError(
            f"{', '.join(map(repr, stray))}: not an input of the net; its inputs are {', '.join(inputs) or 'none'}"
        )


def param_spec(layer: Layer, index: int) -> ParamSpec:
    """The ParamSpec of blob `index`, or the default one."""
    return layer.param_specs[index] if index < len(layer.param_specs) else ParamSpec()
