"""Learning rate and weight decay of each blob as a solver sees them: layers that share a blob have one of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from converter.errors import GraphError
from converter.net.net import Layer, ParamSpec

Multipliers: TypeAlias = tuple[float | None, float | None]
"""`lr_mult` and `decay_mult`; None where no layer states it, which means 1."""

_Stated: TypeAlias = dict[str, tuple[float, str]]
"""A multiplier and the first layer that states it, by the name of the parameter."""


def multipliers(layers: Sequence[tuple[Layer, int, Sequence[float]]]) -> tuple[tuple[Multipliers, ...], ...]:
    """Both multipliers of every blob of every layer (src/caffe/net.cpp, AppendParam).

    What any of the layers that share a blob states holds for all of them, the owner included.

    Args:
        layers: the layers of a net in file order, each with its number of blobs and the rates that its source sets for
            them whatever the file states, or none.

    Raises:
        GraphError: two layers that share a blob state different multipliers, which Caffe refuses too.
    """
    rates: _Stated = {}
    decays: _Stated = {}
    specs = [[*_specs(*each)] for each in layers]
    for (layer, *_), stated in zip(layers, specs, strict=True):
        for spec in stated:
            _note(rates, layer, spec.name, "lr_mult", spec.lr_mult)
            _note(decays, layer, spec.name, "decay_mult", spec.decay_mult)
    return tuple(
        tuple((_of(rates, spec.name, spec.lr_mult), _of(decays, spec.name, spec.decay_mult)) for spec in stated)
        for stated in specs
    )


def _specs(layer: Layer, count: int, own: Sequence[float]) -> Iterator[ParamSpec]:
    """The ParamSpec of each blob."""
    for index in range(count):
        spec = layer.param_specs[index] if index < len(layer.param_specs) else ParamSpec()
        yield replace(spec, lr_mult=own[index], decay_mult=own[index]) if own else spec


def _of(stated: Mapping[str, tuple[float, str]], name: str, own: float | None) -> float | None:
    return stated[name][0] if name in stated else own


def _note(stated: _Stated, layer: Layer, name: str, field: str, value: float | None) -> None:
    """Note a shared parameter's multiplier; every layer that states it must state the same."""
    if not name or value is None:
        return
    known, owner = stated.setdefault(name, (value, layer.name))
    if known != value:
        raise GraphError(
            f"layer {layer.name!r} ({layer.type}): param {name!r}: {field} {value:g}; layer {owner!r}, which shares "
            f"it, says {known:g}; state the same in both, or in one of them alone",
            path=layer.where.path,
            line=layer.where.line,
            layer=layer.name,
        )
