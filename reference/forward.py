"""Runs a net forward, layer by layer, and keeps every blob."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from reference import registry
from reference.errors import InputError
from reference.layer import Array, Layer
from reference.memory import check_held
from reference.net import Net
from reference.registry import Operator
from reference.weights import Store, Weights

Blobs = dict[str, Array]


class Run:
    """One forward pass of a net.

    Args:
        net: the net.
        weights: see `reference.run`.
        inputs: see `reference.run`.
        dtype: what the pass computes in.
        filled: blobs of layers that the weights lack, by the layer's name and how many before it bear that name.

    Raises:
        OracleError: weights that do not read or belong to another net, inputs that are missing or unasked for.
    """

    def __init__(
        self,
        net: Net,
        weights: Weights | None,
        inputs: Mapping[str, ArrayLike],
        dtype: DTypeLike = np.float64,
        *,
        filled: Mapping[tuple[str, int], Sequence[ArrayLike]] | None = None,
    ) -> None:
        self.net = net
        self.dtype = np.dtype(dtype)
        self.inputs = _check_inputs(net, inputs, self.dtype)
        self.store = Store(net, weights, filled)

    def blobs(self, keep: Iterable[str] | None = None) -> Blobs:
        """Every blob of the net (or those that `keep` names), last writer's value, in net order.

        Raises:
            OracleError: layers, weights or inputs do not fit each other.
        """
        kept = set(self.net.blobs) if keep is None else set(keep)
        if kept - set(self.net.blobs):
            name = sorted(kept - set(self.net.blobs))[0]
            raise InputError(f"the net has no blob {name!r} to keep", path=self.net.path)
        last_uses = {name: at for at, layer in enumerate(self.net.layers) for name in (*layer.bottoms, *layer.tops)}
        current: Blobs = {}
        for at, layer in enumerate(self.net.layers):
            self._write(current, layer, self.tops(at, [current[name] for name in layer.bottoms]))
            for name in {*layer.bottoms, *layer.tops} - kept:
                if last_uses[name] == at:
                    del current[name]
        return {name: current[name] for name in self.net.blobs if name in kept}

    def blobs_both_ways(self, bottoms: Mapping[int, Sequence[Array]]) -> tuple[Blobs, Blobs]:
        """Every blob end to end, and those that depend on layers which compute from given bottoms instead.

        Args:
            bottoms: arrays to compute a layer from, by its position in the net; the layer computes in their type, and
                layers behind it go on from what it makes.

        Returns:
            Every blob as `blobs()` gives it; and the blobs that come from given bottoms, last writer's value.
        """
        current: Blobs = {}
        other: Blobs = {}
        for at, layer in enumerate(self.net.layers):
            tops = self.tops(at, [current[name] for name in layer.bottoms])
            given = bottoms.get(at)
            if given is None and any(name in other for name in layer.bottoms):
                given = [other.get(name, current[name]) for name in layer.bottoms]
            for name in layer.tops:
                other.pop(name, None)
            if given is not None:
                self._write(other, layer, self.tops(at, [np.asarray(bottom) for bottom in given]))
            self._write(current, layer, tops)
        return {name: current[name] for name in self.net.blobs}, other

    def _write(self, blobs: Blobs, layer: Layer, tops: Sequence[Array]) -> None:
        blobs.update((name, np.asarray(top, self.dtype)) for name, top in zip(layer.tops, tops, strict=False))
        check_held(layer, blobs.values())

    def tops(self, position: int, bottoms: list[Array]) -> list[Array]:
        """The tops of the layer at a position, float64, of the net's shapes, computed from these bottoms.

        Raises:
            OracleError: the bottoms or the weights do not fit the layer.
        """
        layer = self.net.layers[position]
        try:
            with np.errstate(all="ignore"):  # infinities and NaN are values here, as they are in Caffe
                return self._forward(position, layer, bottoms)
        except (ValueError, IndexError, MemoryError, ZeroDivisionError, OverflowError) as error:
            shapes = ", ".join(str(bottom.shape) for bottom in bottoms)
            raise layer.error(f"does not fit bottoms of shape {shapes or 'none'}: {error}") from error

    def _forward(self, position: int, layer: Layer, bottoms: list[Array]) -> list[Array]:
        operator = _operator(layer)
        if operator.is_input and (operator.forward is None or all(top in self.inputs for top in layer.tops)):
            return [self.inputs[top] for top in layer.tops]
        assert operator.forward is not None
        layer = layer.with_stored(self.store.count(position))
        parameters = operator.parameters(layer, bottoms) if operator.parameters else []
        tops = list(operator.forward(layer, bottoms, self.store.blobs(position, parameters)))
        if len(tops) < len(layer.tops):
            raise layer.error(f"has {len(layer.tops)} tops; it makes {len(tops)}")
        return tops


def _check_inputs(net: Net, inputs: Mapping[str, ArrayLike], dtype: DTypeLike) -> Blobs:
    """The inputs as arrays of `dtype`."""
    known = {top for layer in net.layers for top in layer.tops if _operator(layer).is_input}
    for name in inputs:
        if name not in known:
            wanted = ", ".join(sorted(known)) or "none"
            raise InputError(f"the net has no input {name!r}; its inputs are {wanted}", path=net.path)
    missing = [name for name in net.inputs if name not in inputs]
    if missing:
        raise InputError(f"no value for input {', '.join(map(repr, missing))}; give an array for each", path=net.path)
    arrays: Blobs = {}
    for name, value in inputs.items():
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise InputError(f"input {name!r} is no array of numbers but of {array.dtype}", path=net.path)
        arrays[name] = array.astype(dtype)
    return arrays


def _operator(layer: Layer) -> Operator:
    operator = registry.of(layer)
    assert operator is not None, layer.type
    return operator
