"""A net's own numbers as a `.safetensors` file, as they are now: loaded, fine-tuned, with another head."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from converter import __version__
from converter.formats import weights as weights_files
from converter.formats.weights.stored import Array, Origin, OutputWeights, StoredBlob, StoredLayer, StoredWeights
from converter.pytorch.caffe_module import CaffeModule


def write_weights(
    net: CaffeModule, path: str | os.PathLike[str], source: str = "", sha256: Callable[[], str] | None = None
) -> None:
    """Write a net's state dict under its own keys, whole or not at all.

    Args:
        net: the net.
        path: the `.safetensors` file.
        source: name of the file that the numbers came from.
        sha256: gives that file's digest.

    Raises:
        OutputError: the file cannot be written.
    """
    types = {layer.target: layer.type for layer in net.facts.layers if layer.target}
    blobs: dict[str, dict[str, StoredBlob]] = {}
    for key, value in net.state_dict().items():
        layer, _, name = key.partition(".")
        blobs.setdefault(layer, {})[name] = StoredBlob(_array(value))
    layers = tuple(
        StoredLayer(layer, types.get(layer, ""), stored=tuple(stored.values()), names=tuple(stored))
        for layer, stored in blobs.items()
    )
    origin = Origin(source, net.facts.name, f"dilatednet {__version__}", sha256)
    weights_files.write(
        path, OutputWeights(StoredWeights(os.fspath(path), net.facts.name, layers, by_key=True), origin)
    )


def _array(value: Tensor) -> Array:
    """A tensor's numbers; types that files of Caffe's kind do not have become float32."""
    value = value.detach().cpu()
    kept = value.dtype in (torch.float16, torch.float32, torch.float64)
    return np.ascontiguousarray((value if kept else value.float()).numpy())
