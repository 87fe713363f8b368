"""Any number of items through a net of a fixed batch size: forward_all and its kin.

Source: python/caffe/pycaffe.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from converter.pycaffe.memory import Array
from converter.pycaffe.net_passes import NetPasses

Arrays = dict[str, Array]


class NetBatches(NetPasses):
    """The calls that cut their arguments into batches; the last batch is padded with zeros."""

    def forward_all(self, blobs: Sequence[str] | None = None, **kwargs: Any) -> Arrays:
        """Outputs, and the blobs named, of all items.

        Args:
            blobs: names of further blobs to give.
            kwargs: values of all inputs by name, each (items, …).
        """
        count = _count(kwargs)
        parts = [_copies(self.forward(blobs, None, None, **batch)) for batch in self._batch(kwargs)]
        return _join(parts, count)

    def backward_all(self, diffs: Sequence[str] | None = None, **kwargs: Any) -> Arrays:
        """The inputs' diffs, and those of the blobs named, of all items; each batch goes backward alone.

        Args:
            diffs: names of further blobs whose diffs are given.
            kwargs: diffs of all outputs by name, each (items, …).
        """
        count = _count(kwargs)
        parts = [_copies(self.backward(diffs, None, None, **batch)) for batch in self._batch(kwargs)]
        return _join(parts, count)

    def forward_backward_all(
        self, blobs: Sequence[str] | None = None, diffs: Sequence[str] | None = None, **kwargs: Any
    ) -> tuple[Arrays, Arrays]:
        """Outputs and inputs' diffs of all items, batch by batch forward and backward.

        Args:
            blobs: names of further blobs to give.
            diffs: names of further blobs whose diffs are given.
            kwargs: values of inputs and diffs of outputs by name, each (items, …).
        """
        count = _count(kwargs)
        ahead = self._batch({name: kwargs[name] for name in self.inputs if name in kwargs})
        back = self._batch({name: kwargs[name] for name in self.outputs if name in kwargs})
        outs, grads = [], []
        nothing: Arrays = {}
        for inputs, seeds in zip_longest(ahead, back, fillvalue=nothing):
            outs.append(_copies(self.forward(blobs, None, None, **inputs)))
            grads.append(_copies(self.backward(diffs, None, None, **seeds)))
        return _join(outs, count), _join(grads, count)

    def _batch(self, arrays: Mapping[str, Any]) -> Iterator[dict[str, Array]]:
        """Arrays of the net's batch size, the last padded with zeros; none where there are no arrays."""
        if not arrays:
            return
        size = next(iter(self.blobs.values())).shape[0]
        for begin in range(0, _count(arrays), size):
            batch = {name: np.asarray(array[begin : begin + size]) for name, array in arrays.items()}
            yield {name: _pad(array, size) for name, array in batch.items()}


def _pad(array: Any, size: int) -> Any:
    """An array with zeros behind it, `size` long."""
    missing = size - len(array)
    return np.concatenate([array, np.zeros((missing, *array.shape[1:]), array.dtype)]) if missing else array


def _count(arrays: Mapping[str, Any]) -> int:
    """How many items there are.

    Raises:
        ValueError: no arrays, or of different lengths.
    """
    lengths = {len(array) for array in arrays.values()}
    if len(lengths) != 1:
        raise ValueError(f"arrays of {sorted(lengths) or 'no'} items; give each input, all of one length")
    return lengths.pop()


def _copies(arrays: Arrays) -> Arrays:
    return {name: array.copy() for name, array in arrays.items()}


def _join(parts: list[Arrays], count: int) -> Arrays:
    """Batches behind each other, without the padding."""
    names = parts[0] if parts else {}
    return {name: _concatenate([part[name] for part in parts], count) for name in names}


def _concatenate(arrays: list[Array], count: int) -> Array:
    batch: Array = np.concatenate([np.atleast_1d(array) for array in arrays])
    return batch[:count] if len(batch) > count and arrays[0].ndim else batch
