"""Runs a net forward, layer by layer, and keeps every blob."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from reference import registry
from reference.errors import InputError
from reference.layer import Array, Layer
from reference.net import Net
from reference.registry import Operator
from reference.weights import Store, Weights


def _checked_inputs(net: Net, inputs: Mapping[str, ArrayLike], dtype: DTypeLike) -> dict[str, Array]:
    fed = {top for layer in net.layers for top in layer.tops if _operator(layer).fed}
    for name in inputs:
        if name not in fed:
            wanted = ", ".join(sorted(fed)) or "none"
            raise InputError(f"the net has no input {name!r}; its inputs are {wanted}", path=net.path)
    missing = [name for name in net.inputs if name not in inputs]
    if missing:
        raise InputError(f"no value for input {', '.join(map(repr, missing))}; give an array for each", path=net.path)
    arrays: dict[str, Array] = {}
    for name, value in inputs.items():
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise InputError(f"input {name!r} is no array of numbers but of {array.dtype}", path=net.path)
        arrays[name] = array.astype(dtype)
    return arrays


def _operator(layer: Layer) -> Operator:
    operator = registry.find(layer.type)
    assert operator is not None, layer.type
    return operator


def _tops(layer: Layer, bottoms: list[Array], store: Store, fed: Mapping[str, Array]) -> list[Array]:
    operator = _operator(layer)
    if operator.fed and (operator.forward is None or all(top in fed for top in layer.tops)):
        return [fed[top] for top in layer.tops]
    assert operator.forward is not None
    layer = layer.with_stored(store.counts.get(layer.name))
    parameters = operator.parameters(layer, bottoms) if operator.parameters else []
    tops = list(operator.forward(layer, bottoms, store.blobs(layer, parameters)))
    if len(tops) < len(layer.tops):
        raise layer.error(f"has {len(layer.tops)} tops; it makes {len(tops)}")
    return tops


def _last_uses(net: Net) -> dict[str, int]:
    return {name: at for at, layer in enumerate(net.layers) for name in (*layer.bottoms, *layer.tops)}


def evaluate(
    net: Net,
    weights: Weights | None,
    inputs: Mapping[str, ArrayLike],
    *,
    dtype: DTypeLike = np.float64,
    keep: Iterable[str] | None = None,
) -> dict[str, Array]:
    """Every blob of the net (or those that `keep` names), last writer's value, in net order, as `dtype`.

    Raises:
        OracleError: its kinds say whether net, weights or inputs are at fault.
    """
    kept = set(net.blobs) if keep is None else set(keep)
    if kept - set(net.blobs):
        raise InputError(f"the net has no blob {sorted(kept - set(net.blobs))[0]!r} to keep", path=net.path)
    fed = _checked_inputs(net, inputs, dtype)
    store = Store(net, weights)
    last_uses = _last_uses(net)
    current: dict[str, Array] = {}
    with np.errstate(all="ignore"):  # infinities and NaN are answers here, as they are in Caffe
        for at, layer in enumerate(net.layers):
            bottoms = [current[name] for name in layer.bottoms]
            try:
                tops = _tops(layer, bottoms, store, fed)
            except (ValueError, IndexError, MemoryError, ZeroDivisionError, OverflowError) as error:
                shapes = ", ".join(str(bottom.shape) for bottom in bottoms)
                raise layer.error(f"does not fit bottoms of shape {shapes or 'none'}: {error}") from error
            current.update((name, np.asarray(top, dtype)) for name, top in zip(layer.tops, tops, strict=False))
            for name in {*layer.bottoms, *layer.tops} - kept:
                if last_uses[name] == at:
                    del current[name]
    return {name: current[name] for name in net.blobs if name in kept}
