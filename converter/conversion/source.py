"""What is to be converted: a file of any format read, fitted to a prototxt where one is given, its blobs named."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from converter.conversion.content import Content
from converter.conversion.convert import Allowed
from converter.files.digest import Digest
from converter.formats.weights.registry import read_stored
from converter.formats.weights.stored import StoredLayer, StoredNet
from converter.net.names import COMMON, numbered


def content_of(
    digest: Digest, prototxt: str | os.PathLike[str] | None, allowed: Allowed
) -> tuple[Content, Sequence[str]]:
    """The weights of the file that `digest` hashes, fitted to the net where one is given, and what to note.

    Raises:
        CaffemodelError: the file does not read.
        WeightsError: the weights do not belong to the net.
    """
    net = _read(digest.path)
    if prototxt is None:
        return Content(_named(net), (), allowed.nan, digest), ()
    from converter.plan.fitting import fit

    fitted = fit(net, prototxt, allow_unused=allowed.unused, allow_unknown=allowed.unknown)
    return Content(_named(fitted.net), fitted.definitions, allowed.nan, digest), fitted.notes


def _named(net: StoredNet) -> StoredNet:
    """The net with blobs named as its layers' classes name them, which are asked only where a type is not common."""
    if all(layer.names or not layer.stored or not layer.type or layer.type in COMMON for layer in net.layers):
        return net
    from converter.layers.layer import blob_names_of

    def named(layer: StoredLayer) -> StoredLayer:
        if layer.names or not layer.type:
            return layer
        return replace(layer, names=numbered(blob_names_of(layer.type), len(layer.stored)))

    return replace(net, layers=tuple(map(named, net.layers)))


def _read(weights: str | os.PathLike[str]) -> StoredNet:
    """The source's layers and blobs."""
    if Path(weights).suffix in (".pth", ".pt"):
        from converter.formats.weights.pth import read_pth

        return read_pth(weights)
    if Path(weights).suffix == ".npz":
        from converter.formats.weights.npz import read_npz

        return read_npz(weights)
    return read_stored(weights)
