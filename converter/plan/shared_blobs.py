"""Blobs that layers share by a parameter's name: one array for all, of several stored copies the last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from converter.plan.plan import ConfiguredLayer, param_spec

Array: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(frozen=True, slots=True)
class Fit:
    """A layer of the net with the blobs that the file holds for it.

    Attributes:
        step: the layer.
        values: arrays by place in Caffe's order.
        in_state: whether they are in the state dict's terms.
        order: where the layer stands in the file; of two copies that of the greater order counts.
    """

    step: ConfiguredLayer
    values: dict[int, Array]
    in_state: bool
    order: int


@dataclass(slots=True)
class SharedBlobs:
    """Arrays by the name of a shared parameter, in Caffe's terms and in the state dict's, and notes on their copies."""

    caffe: dict[str, Array] = field(default_factory=dict)
    state: dict[str, Array] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, fits: Sequence[Fit]) -> SharedBlobs:
        """The last copy of each shared parameter, in the order of the file (src/caffe/net.cpp, CopyTrainedLayersFrom).

        Caffe copies stored layers one after the other into blobs that sharers have in common.
        """
        shared = cls()
        for fit in sorted(fits, key=lambda one: one.order):
            for place, array in sorted(fit.values.items()):
                if name := param_spec(fit.step.layer, place).name:
                    (shared.state if fit.in_state else shared.caffe)[name] = array
        shared.notes = [*_notes(fits)]
        return shared

    def values(self, step: ConfiguredLayer, shapes: Sequence[tuple[int, ...]], *, in_state: bool) -> dict[int, Array]:
        """The shared blobs of a layer by place, in the shapes it wants; of a name with another size none."""
        held: Mapping[str, Array] = self.state if in_state else self.caffe
        named = {place: held.get(param_spec(step.layer, place).name) for place in range(len(step.operator.blobs))}
        return {
            place: array.reshape(shapes[place])
            for place, array in named.items()
            if array is not None and array.size == np.prod(shapes[place], dtype=np.int64)
        }


def _notes(fits: Sequence[Fit]) -> Iterator[str]:
    """A note for each parameter whose stored copies differ."""
    copies: dict[str, list[tuple[str, Array]]] = {}
    for fit in sorted(fits, key=lambda one: one.order):
        for place, array in sorted(fit.values.items()):
            if name := param_spec(fit.step.layer, place).name:
                copies.setdefault(name, []).append((fit.step.layer.name, array))
    for name, held in copies.items():
        last = held[-1][1].ravel()
        if any(not np.array_equal(array.ravel(), last, equal_nan=True) for _, array in held[:-1]):
            layers = ", ".join(repr(layer) for layer, _ in held)
            yield (
                f"parameter {name!r} is stored with layers {layers} in copies that differ; "
                f"the last, of {held[-1][0]!r}, counts for all of them, as in Caffe"
            )
