"""Finds the file of a layer type: reference/layers/<type in lower case>.py, nothing to register anywhere else.

A layer's file holds `TYPE` (Caffe's spelling), `MESSAGES` (the parameter messages it honours) and either
`forward(layer, bottoms, blobs) -> tops` or `FED = True` for a layer whose tops the caller gives (both: may give); with
learned blobs also `parameters(layer, bottoms) -> list[Parameter]`. Messages that the field table lacks stand in
`FIELDS`, written as in reference/tables.py.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import reference.layers
from reference.layer import Array, Layer, Parameter
from reference.schema import declare

Forward = Callable[[Layer, list[Array], list[Array]], Sequence[Array]]
Parameters = Callable[[Layer, list[Array]], list[Parameter]]


@dataclass(frozen=True, slots=True)
class Operator:
    """What a layer's file holds; `fed` where the caller may give the tops, and must where `forward` is None."""

    type: str
    messages: tuple[str, ...]
    forward: Forward | None
    fed: bool
    parameters: Parameters | None


@functools.cache
def _file_names() -> frozenset[str]:
    return frozenset(module.name for module in pkgutil.iter_modules(reference.layers.__path__))


@functools.cache
def _load(file_name: str) -> Operator:
    module = importlib.import_module(f"reference.layers.{file_name}")
    declare(getattr(module, "FIELDS", ""))
    fed = bool(getattr(module, "FED", False))
    forward = getattr(module, "forward", None) if fed else module.forward
    return Operator(module.TYPE, getattr(module, "MESSAGES", ()), forward, fed, getattr(module, "parameters", None))


def find(kind: str) -> Operator | None:
    """The operator of a layer type in Caffe's spelling (which counts capitals), None where nobody wrote it."""
    if kind.lower() not in _file_names():
        return None
    operator = _load(kind.lower())
    return operator if operator.type == kind else None


def types() -> tuple[str, ...]:
    """Every layer type there is, sorted."""
    return tuple(sorted(_load(name).type for name in _file_names()))
