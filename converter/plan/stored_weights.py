"""Weights files as arrays by layer, in Caffe's order, without a net."""

from __future__ import annotations

import os
from typing import Any, TypeAlias

import numpy as np

from converter.formats import weights as weights_files
from converter.formats.weights.stored import StoredWeights
from converter.net.names import unescape
from converter.plan.layer_blobs import caffe_blobs, kind_of_layer

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def read_weights(path: str | os.PathLike[str], *, key: str | None = None) -> dict[str, list[Array]]:
    """Blobs by layer name, in Caffe's shapes, order and terms, of a file of any format; torch is not imported.

    They are views into the mapped file wherever it holds them in one run (a `.pth` is read by torch). Views may start
    at any byte, which numpy and torch accept on the processors they run on; writing to one changes this process's
    memory and never the file. Of two layers with one name the later that has blobs counts, as in Caffe.

    Args:
        path: `.caffemodel`, `.h5`, `.safetensors`, `.pth` or `.npz`, or several with commas between them.
        key: for a `.pth` that holds more than weights: the name of the state_dict in it.

    Raises:
        CaffemodelError: it does not read.
        WeightsError: a file by key whose keys do not tell the blobs' order.
    """
    return arrays_of(weights_files.read(path, key=key))


def arrays_of(stored: StoredWeights) -> dict[str, list[Array]]:
    """Blobs by layer name, in Caffe's order, shapes and terms; views of the file where they need no conversion.

    Raises:
        WeightsError: a file by key whose keys do not tell the blobs' order.
    """
    found: dict[str, list[Array]] = {}
    for name, layer in stored.layers_with_blobs().items():
        kind = kind_of_layer(layer, stored.path)
        blobs = caffe_blobs(kind, layer, stored.path)
        found[unescape(name) if stored.by_key else name] = [blob.array for blob in blobs]
    return found
