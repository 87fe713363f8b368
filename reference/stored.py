"""What a weights file holds: layers with blobs, by position, or arrays by key; whichever format it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.generic]]
"""Arrays by key, `<layer>.<blob>`, as a state_dict has them."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One stored blob.

    Attributes:
        data: its numbers, of any float type, a view of the file where it can be; flat where `legacy`, else of `shape`.
        shape: as stored.
        legacy: whether the shape is the four fields num, channels, height, width of old files.
    """

    data: NDArray[Any]
    shape: tuple[int, ...]
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """A layer of a weights file.

    Attributes:
        name: its name; bytes that are not UTF-8 are surrogates (PEP 383).
        type: its type in today's spelling, "" where the file has none.
        blobs: its blobs, in Caffe's order.
        places: each blob's place in Caffe's order, where the file says them (HDF5 leaves out shared blobs); else ().
        names: each blob's name, where the file holds it by key; else ().
    """

    name: str
    type: str
    blobs: tuple[Blob, ...]
    places: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
