"""Weights from any file to any other, by the endings of their names; no torch unless a `.pth` is read or written."""

from __future__ import annotations

import importlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from converter.errors import OutputError
from converter.files.digest import Digest

_ENDINGS = {
    ".safetensors": "export_safetensors",
    ".pth": "pth",
    ".npz": "export_npz",
    ".h5": "export_hdf5",
    ".caffemodel": "export_caffemodel",
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """What is let pass on request: numbers that are not finite, weights without a place, parts of a net unknown."""

    nan: bool = False
    unused: bool = False
    unknown: bool = False


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
    allow_unknown: bool = False,
) -> Report:
    """Write the weights of one file into another, whose ending says its format.

    Args:
        weights: `.caffemodel` of any age, `.h5`, `.safetensors`, `.npz` or `.pth`.
        out: `.safetensors`, `.pth` (a plain state_dict), `.npz`, `.h5` (Caffe's layout), `.caffemodel` or
            `.caffemodel.h5`; what stands there is replaced once the new file is whole.
        prototxt: the net; layers and shapes are checked against it, and it gives a `.caffemodel` its definitions.
        allow_nan: keep numbers that are not finite.
        allow_unused: leave out, and note, layers of the file that the net does not have.
        allow_unknown: go on, and note it, where the net has layer types or fields that nobody knows.

    Raises:
        CaffemodelError: `weights` does not read.
        WeightsError: the weights do not belong to the net, or hold NaN.
        UnsupportedLayerError, UnsupportedParameterError: the net has layers or fields that nobody knows.
        OutputError: the ending is unknown, `out` is `weights`, or cannot be written.
    """
    started, target = time.perf_counter(), Path(out)
    ending = _format(target)
    _refuse_same(Path(weights), target)
    digest = Digest(weights)
    try:
        digest.start()  # before numpy and the rest are imported, which takes a third as long as half a gigabyte's hash
        return _converted(digest, target, ending, prototxt, Allowed(allow_nan, allow_unused, allow_unknown), started)
    finally:
        digest.stop()


def _converted(
    digest: Digest,
    target: Path,
    ending: str,
    prototxt: str | os.PathLike[str] | None,
    allowed: Allowed,
    started: float,
) -> Report:
    """Read, write and count, while the source is being hashed."""
    from converter.conversion.source import content_of

    content, notes = content_of(digest, prototxt, allowed)
    importlib.import_module(f"converter.formats.weights.{ending}").save(content, target)
    weighted = content.net.weighted().values()
    blobs = [blob.array for layer in weighted for blob in layer.stored]
    return Report(
        out=str(target),
        layers=len(weighted),
        blobs=len(blobs),
        parameters=sum(blob.size for blob in blobs),
        bytes=target.stat().st_size,
        seconds=time.perf_counter() - started,
        sha256=content.sha256,
        notes=tuple(notes),
    )


def _format(target: Path) -> str:
    """The module of `converter.export` that writes a file of this name."""
    if target.suffix not in _ENDINGS:
        ends = ", ".join(_ENDINGS)
        raise OutputError(f"'{target.suffix}' is no ending that tells a format; use one of {ends}", path=str(target))
    return _ENDINGS[target.suffix]


def _refuse_same(weights: Path, target: Path) -> None:
    """Nothing is converted onto itself."""
    if target.exists() and weights.exists() and target.samefile(weights):
        raise OutputError("is the file that is to be converted; name another", path=str(target))
    if target.is_dir():
        raise OutputError("is a folder; name a file in it", path=str(target))
