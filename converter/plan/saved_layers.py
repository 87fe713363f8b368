"""A net's layers as Caffe saves them: Split layers among them, and what a layer's setup adds to its definition.

Source: src/caffe/net.cpp (Net::Init, ToProto), src/caffe/util/insert_splits.cpp, src/caffe/layers/loss_layer.cpp
(LayerSetUp), src/caffe/layers/batch_norm_layer.cpp (LayerSetUp).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from converter.formats.record import Field, Record, Value, Where, Word
from converter.net.splits import Listing, NetLayer, list_layers
from converter.plan.plan import ConfiguredLayer, Plan


@dataclass(frozen=True, slots=True)
class SavedLayer:
    """One layer of the file.

    Attributes:
        record: its whole definition.
        step: what the plan has of it; None: a Split layer that Caffe inserts.
    """

    record: Record
    step: ConfiguredLayer | None

    @property
    def name(self) -> str:
        """The layer's name."""
        return str(self.record.last("name", ""))

    @property
    def type(self) -> str:
        """Caffe's type."""
        return str(self.record.last("type", ""))


def saved_layers(plan: Plan) -> list[SavedLayer]:
    """All layers in the order of a forward pass."""
    listing = list_layers([step.layer for step in plan.steps])
    phase = Word((plan.net.phase or "test").upper())
    found = []
    for listed in listing.layers:
        step = None if listed.index is None else plan.steps[listed.index]
        record = _split(listed, listing, plan) if step is None else _defined(step, listed, listing)
        if "phase" not in record:
            record = record.with_fields((*record, Field("phase", phase, record.where)))
        found.append(SavedLayer(record, step))
    return found


def _split(listed: NetLayer, listing: Listing, plan: Plan) -> Record:
    """A Split layer; where its bottom counts in the loss, its first top carries the weight."""
    where = Where(plan.net.path)
    texts = (("name", listed.name), ("type", listed.type), ("bottom", listed.bottoms[0]))
    fields = [*_fields(where, "top", listed.tops), *(Field(name, text, where) for name, text in texts)]
    if listing.moved.get(listed.bottoms[0]) in listed.tops:
        weights = [0.0] * len(listed.tops)
        weights[0] = _weight_of(listed.bottoms[0], plan)
        fields += _fields(where, "loss_weight", weights)
    return Record("LayerParameter", where, tuple(fields))


def _weight_of(top: str, plan: Plan) -> float:
    """The weight in the loss that the file gives a top."""
    layers = [step.layer for step in plan.steps if top in step.layer.tops]
    return next(layer.loss_weights[layer.tops.index(top)] for layer in reversed(layers) if layer.loss_weights)


def _defined(step: ConfiguredLayer, listed: NetLayer, listing: Listing) -> Record:
    """A layer of the file: it reads Split layers' tops, and states what Caffe's setup of the layer settles."""
    layer, operator, where = step.layer, step.operator, step.layer.record.where
    left_out = {"bottom"} | ({"loss_weight"} if set(layer.tops) & set(listing.moved) else set())
    fields = [item for item in layer.record if item.name not in left_out]
    fields += _fields(where, "bottom", listed.bottoms)
    if operator.is_loss and not layer.loss_weights:
        fields += _fields(where, "loss_weight", (1.0,))
    if operator.fixed_blobs:
        fixed = Record("ParamSpec", where, (Field("lr_mult", 0.0, where),))
        fields += _fields(where, "param", (fixed,) * (operator.fixed_blobs - len(layer.param_specs)))
    return layer.record.with_fields(fields)


def _fields(where: Where, name: str, values: Sequence[Value]) -> Iterator[Field]:
    return (Field(name, value, where) for value in values)
