"""Weights from any file to any other, by the endings of their names; no torch unless a `.pth` is read or written."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from converter.errors import OutputError
from converter.export.content import Content
from converter.formats.stored import StoredLayer, StoredNet
from converter.formats.weights import read_stored
from converter.graph.names import COMMON, numbered

_ENDINGS = {
    ".safetensors": "safetensors",
    ".pth": "pth",
    ".npz": "npz",
    ".h5": "hdf5",
    ".caffemodel": "caffemodel",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What was written: sizes in bytes, time in seconds, the source's SHA-256, and what a user should know."""

    out: str
    layers: int
    blobs: int
    parameters: int
    bytes: int
    seconds: float
    sha256: str
    notes: tuple[str, ...] = ()


def convert(
    weights: str | os.PathLike[str],
    out: str | os.PathLike[str],
    prototxt: str | os.PathLike[str] | None = None,
    *,
    allow_nan: bool = False,
    allow_unused: bool = False,
) -> Report:
    """Write the weights of one file into another, whose ending says its format.

    Args:
        weights: `.caffemodel` of any age, `.h5`, `.safetensors`, `.npz` or `.pth`.
        out: `.safetensors`, `.pth` (a plain state_dict), `.npz`, `.h5` (Caffe's layout), `.caffemodel` or
            `.caffemodel.h5`; what stands there is replaced once the new file is whole.
        prototxt: the net; layers and shapes are checked against it, and it gives a `.caffemodel` its definitions.
        allow_nan: keep numbers that are not finite.
        allow_unused: leave out, and note, layers of the file that the net does not have.

    Raises:
        CaffemodelError: `weights` does not read.
        WeightsError: the weights do not belong to the net, or hold NaN.
        OutputError: the ending is unknown, `out` is `weights`, or cannot be written.
    """
    started, target = time.perf_counter(), Path(out)
    save = importlib.import_module(f"converter.export.{_format(target)}").save
    _refuse_same(Path(weights), target)
    content, notes = _content(_read(weights), prototxt, allow_nan, allow_unused)
    save(content, target)
    blobs = [blob.array for layer in content.net.weighted().values() for blob in layer.stored]
    return Report(
        out=str(target),
        layers=len(content.net.weighted()),
        blobs=len(blobs),
        parameters=sum(blob.size for blob in blobs),
        bytes=target.stat().st_size,
        seconds=time.perf_counter() - started,
        sha256=content.sha256,
        notes=tuple(notes),
    )


def _content(
    net: StoredNet, prototxt: str | os.PathLike[str] | None, allow_nan: bool, allow_unused: bool
) -> tuple[Content, Sequence[str]]:
    """The weights, fitted to the net where one is given."""
    if prototxt is None:
        return Content(_named(net), allow_nan=allow_nan), ()
    from converter.fitting import fit

    fitted = fit(net, prototxt, allow_unused=allow_unused)
    return Content(_named(fitted.net), fitted.definitions, allow_nan), fitted.notes


def _named(net: StoredNet) -> StoredNet:
    """The net with blobs named as its layers' classes name them, which are asked only where a type is not common."""
    if all(layer.names or not layer.stored or not layer.type or layer.type in COMMON for layer in net.layers):
        return net
    from converter.operator import blob_names_of

    def named(layer: StoredLayer) -> StoredLayer:
        if layer.names or not layer.type:
            return layer
        return replace(layer, names=numbered(blob_names_of(layer.type), len(layer.stored)))

    return replace(net, layers=tuple(map(named, net.layers)))


def _format(target: Path) -> str:
    """The module of `converter.export` that writes a file of this name."""
    if target.suffix not in _ENDINGS:
        ends = ", ".join(_ENDINGS)
        raise OutputError(f"'{target.suffix}' is no ending that tells a format; use one of {ends}", path=str(target))
    return _ENDINGS[target.suffix]


def _read(weights: str | os.PathLike[str]) -> StoredNet:
    """The source's layers and blobs."""
    if Path(weights).suffix in (".pth", ".pt"):
        from converter.export.pth import read_pth

        return read_pth(weights)
    if Path(weights).suffix == ".npz":
        from converter.formats.npz import read_npz

        return read_npz(weights)
    return read_stored(weights)


def _refuse_same(weights: Path, target: Path) -> None:
    """Nothing is converted onto itself."""
    if target.exists() and weights.exists() and target.samefile(weights):
        raise OutputError("is the file that is to be converted; name another", path=str(target))
    if target.is_dir():
        raise OutputError("is a folder; name a file in it", path=str(target))
