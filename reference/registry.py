"""Finds the file of a layer type: reference/layers/<type in lower case>.py, nothing to register anywhere else.

Of two types that differ in capitals alone (LSTM, Lstm) one has an underscore behind its file's name.

A layer's file holds `TYPE` (Caffe's spelling), `MESSAGES` (the parameter messages it honors) and either
`forward(layer, bottoms, blobs) -> tops` or `IS_INPUT = True` for a layer whose tops the caller gives (both: may give);
with learned blobs also `parameters(layer, bottoms) -> list[Parameter]`. `computes(layer)` tells of a layer with both
whether `forward` can compute this one. Messages that the field table lacks stand in
`FIELDS`, written as in reference/tables.py. Optional, where the usual does not hold:

`BLOBS`: names of the blobs in a state_dict, in Caffe's order (usual: weight, bias; further ones blob2, blob3, …).
`OLDER_BLOBS`: names under which files hold Caffe's numbers as they are.
`from_state(arrays)`: a state_dict's arrays of one layer, in Caffe's order -> Caffe's blobs.
`stored_order(sizes)`: where each of Caffe's blobs stands in a file that holds blobs of those sizes by position.
`adapt(layer, index, stored, shape)`: a stored blob as the layer takes it over, where that may have another shape.
`AXES_OF_ONE`: True where a state_dict's arrays may lack or have axes of length one that Caffe's do not.
`STORED_AXES_OF_ONE`: True where files by position may hold its blobs, of one axis in Caffe, with axes of length one.
`NOT_IN_PLACE`: True where Caffe refuses a top that is a bottom.
`SUMS`: True where the tops are sums, or quotients of sums, of many values.
`ALSO`: spellings of the type that differ from `TYPE` in capitals alone.
`EXPONENTIAL`: True where an absolute error of the bottom becomes a relative error of the top.
`DISCONTINUOUS_FROM`: the first top that is no continuous function of the bottoms (it compares, counts or rounds them).
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

import reference.layers
from reference.layer import Array, Layer, Parameter
from reference.schema import declare

Forward = Callable[[Layer, list[Array], list[Array]], Sequence[Array]]
Parameters = Callable[[Layer, list[Array]], list[Parameter]]
Computes = Callable[[Layer], bool]
StoredOrder = Callable[[list[int]], list[int]]
Adapt = Callable[[Layer, int, NDArray[Any], tuple[int, ...]], NDArray[Any]]
FromState = Callable[[list[NDArray[Any]]], list[NDArray[Any]]]


@dataclass(frozen=True, slots=True)
class Operator:
    """What a layer's file holds; the module's docstring tells what each means.

    `is_input`: the caller may give the tops, and must where `forward` is None, or `computes` says that it cannot.
    """

    type: str
    messages: tuple[str, ...]
    forward: Forward | None
    is_input: bool
    computes: Computes | None
    parameters: Parameters | None
    blobs: tuple[str, ...]
    older_blobs: tuple[str, ...]
    from_state: FromState | None
    stored_order: StoredOrder | None
    adapt: Adapt | None
    axes_of_one: bool
    stored_axes_of_one: bool
    not_in_place: bool
    sums: bool
    exponential: bool
    discontinuous_from: int | None
    also: tuple[str, ...]


@functools.cache
def _file_names() -> frozenset[str]:
    return frozenset(module.name for module in pkgutil.iter_modules(reference.layers.__path__))


@functools.cache
def _load(file_name: str) -> Operator:
    module = importlib.import_module(f"reference.layers.{file_name}")
    declare(getattr(module, "FIELDS", ""))
    is_input = bool(getattr(module, "IS_INPUT", False))
    blobs = tuple(getattr(module, "BLOBS", ("weight", "bias")))
    return Operator(
        type=module.TYPE,
        messages=getattr(module, "MESSAGES", ()),
        forward=getattr(module, "forward", None) if is_input else module.forward,
        is_input=is_input,
        computes=getattr(module, "computes", None),
        parameters=getattr(module, "parameters", None),
        blobs=blobs,
        older_blobs=tuple(getattr(module, "OLDER_BLOBS", blobs)),
        from_state=getattr(module, "from_state", None),
        stored_order=getattr(module, "stored_order", None),
        adapt=getattr(module, "adapt", None),
        axes_of_one=bool(getattr(module, "AXES_OF_ONE", False)),
        stored_axes_of_one=bool(getattr(module, "STORED_AXES_OF_ONE", False)),
        not_in_place=bool(getattr(module, "NOT_IN_PLACE", False)),
        sums=bool(getattr(module, "SUMS", False)),
        exponential=bool(getattr(module, "EXPONENTIAL", False)),
        discontinuous_from=getattr(module, "DISCONTINUOUS_FROM", None),
        also=tuple(getattr(module, "ALSO", ())),
    )


def find(kind: str) -> Operator | None:
    """The operator of a layer type in Caffe's spelling (which counts capitals), None where there is none."""
    names = [name for name in (kind.lower(), f"{kind.lower()}_") if name in _file_names()]
    return next((operator for operator in map(_load, names) if kind in (operator.type, *operator.also)), None)


def of(layer: Layer) -> Operator | None:
    """The operator of a layer; one whose type is unknown and that has no bottoms is a source, whose tops are given."""
    found = find(layer.type)
    return _load("input") if found is None and layer.tops and not layer.bottoms else found


def is_required(layer: Layer) -> bool:
    """Whether the caller must give a layer's tops."""
    operator = of(layer)
    if operator is None or not operator.is_input:
        return False
    return operator.forward is None or (operator.computes is not None and not operator.computes(layer))


def is_discontinuous(layer: Layer) -> bool:
    """Whether some top of a layer is no continuous function of its bottoms: it compares, counts or rounds them."""
    operator = find(layer.type)
    first = None if operator is None else operator.discontinuous_from
    return first is not None and len(layer.tops) > first


def types() -> tuple[str, ...]:
    """Every layer type there is, sorted."""
    return tuple(sorted(_load(name).type for name in _file_names()))
