"""Numbers in a weights file that are not finite, counted a few megabytes at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from converter.errors import CaffemodelError
from converter.files.stream import Array, chunk_buffer, chunks
from converter.formats.weights.stored import StoredLayer, StoredWeights
from converter.net.names import unescape


@dataclass(frozen=True, slots=True)
class Nonfinite:
    """A stored blob of which `count` of `size` numbers are NaN or infinite; `index` is its place in its layer."""

    layer: StoredLayer
    index: int
    count: int
    size: int


def count_nonfinite(numbers: Array) -> int:
    """How many of the numbers, of any shape and float type, are NaN or infinite."""
    finite = np.isfinite(numbers)
    return 0 if finite.all() else numbers.size - int(np.count_nonzero(finite))


def nonfinite_blobs(weights: StoredWeights) -> Iterator[Nonfinite]:
    """Every stored blob with numbers that are not finite; blobs that lie in the file are read, not mapped in.

    Raises:
        CaffemodelError: the file can no longer be read.
    """
    layers = weights.layers_with_blobs().values()
    mapped = any(blob.offset >= 0 for layer in layers for blob in layer.stored)
    buffer = chunk_buffer()
    try:
        with Path(weights.path).open("rb", buffering=0) if mapped else nullcontext() as file:
            for layer in layers:
                for index, blob in enumerate(layer.stored):
                    if count := sum(map(count_nonfinite, chunks(file, blob, buffer))):
                        yield Nonfinite(layer, index, count, blob.size)
    except OSError as error:
        raise CaffemodelError(f"can no longer be read: {error.strerror}", path=weights.path) from error


def notes_on_nonfinite(stored: StoredWeights) -> Iterator[str]:
    """A note for each stored blob that holds NaN or infinities, with its layer and how many there are."""
    for found in nonfinite_blobs(stored):
        name = unescape(found.layer.name) if stored.by_key else found.layer.name
        which = found.layer.names[found.index] if found.layer.names else found.index
        yield f"layer {name!r} blob {which}: {found.count} of {found.size} numbers are NaN or infinite"
