"""Whether every number in a file's blobs is finite."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import numpy as np

from converter.errors import CaffemodelError, WeightsError
from converter.files.stream import Array, chunk_buffer, chunks
from converter.formats.weights.stored import StoredWeights


def check_finite(weights: StoredWeights) -> None:
    """Go through the blobs and stop at the first that is not sound.

    Raises:
        WeightsError: a blob holds NaN or infinity; names the layer, the blob and how many.
        CaffemodelError: the file can no longer be read.
    """
    layers = weights.layers_with_blobs().values()
    mapped = any(blob.offset >= 0 for layer in layers for blob in layer.stored)
    buffer = chunk_buffer()
    try:
        with Path(weights.path).open("rb", buffering=0) if mapped else nullcontext() as file:
            for layer in layers:
                for number, blob in enumerate(layer.stored):
                    if count := sum(map(count_nonfinite, chunks(file, blob, buffer))):
                        raise _error(weights.path, layer.name, number, count, blob.array.size)
    except OSError as error:
        raise CaffemodelError(f"can no longer be read: {error.strerror}", path=weights.path) from error


def count_nonfinite(numbers: Array) -> int:
    """How many of the numbers, of any shape and float type, are NaN or infinite."""
    finite = np.isfinite(numbers)
    return 0 if finite.all() else numbers.size - int(np.count_nonzero(finite))


def _error(path: str, layer: str, number: int, count: int, size: int) -> WeightsError:
    """The error for a blob with numbers that are not finite."""
    text = (
        f"layer '{layer}' blob {number}: {count} of {size} numbers are NaN or infinite; "
        "training diverged or the file is damaged: take another snapshot, or keep them with --allow-nan"
    )
    return WeightsError(text, path=path, layer=layer)
