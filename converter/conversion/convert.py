"""Weights from any file to any other, by the endings of their names; no torch unless a `.pth` is read or written."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from converter.errors import OutputError
from converter.files.digest import Digest

if TYPE_CHECKING:
    from converter.files.stream import Array

ENDINGS = (".safetensors", ".pth", ".npz", ".h5", ".caffemodel")


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
    key: str | None = None,
) -> Report:
    """Write the weights of one file into another, whose ending says its format.

    Args:
        weights: `.caffemodel` of any age, `.h5`, `.safetensors`, `.npz` or `.pth`; or several with commas between them.
        out: `.safetensors`, `.pth` (a plain state_dict), `.npz`, `.h5` (Caffe's layout), `.caffemodel` or
            `.caffemodel.h5`; what stands there is replaced once the new file is whole.
        prototxt: the net; layers and shapes are checked against it, and it gives a `.caffemodel` its definitions.
        allow_nan: keep numbers that are not finite.
        allow_unused: leave out, and note, layers of the file that the net does not have.
        allow_unknown: go on, and note it, where the net has layer types or fields that nobody knows.
        key: for a `.pth` that holds more than weights: the name of the state_dict in it.

    Raises:
        CaffemodelError: `weights` does not read.
        WeightsError: the weights do not belong to the net, or hold NaN.
        UnsupportedLayerError, UnsupportedParameterError: the net has layers or fields that nobody knows.
        OutputError: the ending is unknown, `out` is `weights`, or cannot be written.
    """
    started, target = time.perf_counter(), Path(out)
    _check_target(weights, target)
    digest = Digest(weights) if "," not in os.fspath(weights) or Path(weights).exists() else None
    try:
        if digest is not None:
            digest.start()  # before numpy and the rest are imported, which takes a third as long as hashing half a GB
        allowed = Allowed(allow_nan, allow_unused, allow_unknown)
        return _converted(weights, digest, target, prototxt, allowed, key, started)
    finally:
        if digest is not None:
            digest.stop()


def _converted(
    weights: str | os.PathLike[str],
    digest: Digest | None,
    target: Path,
    prototxt: str | os.PathLike[str] | None,
    allowed: Allowed,
    key: str | None,
    started: float,
) -> Report:
    """Read, write and count, while the source is being hashed."""
    from converter import __version__
    from converter.conversion.finite import check_finite, count_nonfinite
    from converter.conversion.prepare import Prepared, named
    from converter.formats import weights as weights_files
    from converter.formats.weights.stored import Origin, Outgoing

    stored = weights_files.read(weights, key=key)
    if prototxt is None:
        prepared = Prepared(named(stored), notes=stored.notes)
    else:
        from converter.conversion.net import matched_to_net

        options = {"allow_unused": allowed.unused, "allow_unknown": allowed.unknown}
        prepared = matched_to_net(stored, prototxt, **options)
    ending = weights_files.ending(target)
    ready = prepared.by_key() if ending in weights_files.BY_KEY else prepared.by_position()
    copies = ending == ".safetensors" and not allowed.nan  # the bytes pass by there: no second reading is needed
    if not allowed.nan and not copies:
        check_finite(ready)

    def look(numbers: Array) -> None:
        if count_nonfinite(numbers):
            check_finite(ready)

    sha256 = digest.hexdigest if digest is not None else lambda: ""
    origin = Origin(Path(stored.path).name, ready.name, f"dilatednet {__version__}", sha256)
    weights_files.write(target, Outgoing(ready, origin, prepared.definitions, look if copies else None))
    blobs = [blob.array for layer in ready.weighted().values() for blob in layer.stored]
    return Report(
        out=str(target),
        layers=len(ready.weighted()),
        blobs=len(blobs),
        parameters=sum(blob.size for blob in blobs),
        bytes=target.stat().st_size,
        seconds=time.perf_counter() - started,
        sha256=sha256(),
        notes=tuple(prepared.notes),
    )


def _check_target(weights: str | os.PathLike[str], target: Path) -> None:
    """Nothing is converted onto itself, nor into what no format is known for.

    Raises:
        OutputError: it would be.
    """
    if target.suffix not in ENDINGS:
        ends = ", ".join(ENDINGS)
        raise OutputError(f"'{target.suffix}' is no ending that tells a format; use one of {ends}", path=str(target))
    for part in (os.fspath(weights), *os.fspath(weights).split(",")):
        if target.exists() and Path(part).exists() and target.samefile(part):
            raise OutputError("is the file that is to be converted; name another", path=str(target))
    if target.is_dir():
        raise OutputError("is a folder; name a file in it", path=str(target))
