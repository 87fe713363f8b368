"""Weights of any kind, told apart by their first bytes, so that a file's name does not matter."""

from __future__ import annotations

import os

from converter.files.mapping import map_file
from converter.formats.weights.caffemodel import read_caffemodel
from converter.formats.weights.stored import Array, StoredNet


def read_stored(path: str | os.PathLike[str]) -> StoredNet:
    """The layers and blobs of a `.caffemodel`, `.h5` or `.safetensors` file.

    Raises:
        CaffemodelError: it is none of these, is truncated or damaged, or holds no weights.
    """
    kind = map_file(path).kind
    if kind == "hdf5":
        from converter.formats.weights.hdf5 import read_hdf5

        return read_hdf5(path)
    if kind == "safetensors":
        from converter.formats.weights.safetensors import read_safetensors

        return read_safetensors(path)
    return read_caffemodel(path)


def read_weights(path: str | os.PathLike[str]) -> dict[str, list[Array]]:
    """Blobs by layer name: float arrays that are views into the mapped file wherever it holds them in one run.

    Views may start at any byte, which numpy and torch accept on the processors they run on; writing to one changes this
    process's memory and never the file. Of two layers with one name the later that has blobs counts, as in Caffe.

    Raises:
        CaffemodelError: see `read_stored`.
    """
    return read_stored(path).weights()
