"""Weights from any file to any other, by the endings of their names; no torch unless a `.pth` is read or written."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from converter.errors import OutputError
from converter.files.paths import is_there, split_paths
from converter.files.unchanged import watch_files

if TYPE_CHECKING:
    from converter.conversion.prepare import PreparedWeights
    from converter.files.digest import Digest
    from converter.formats.weights.stored import StoredWeights

ENDINGS = (".safetensors", ".pth", ".npz", ".h5", ".caffemodel")


class Allowance(NamedTuple):
    """What is let pass on request: numbers that are not finite, weights without a place, parts of a net unknown."""

    nan: bool = False
    unused: bool = False
    unknown: bool = False


class NetFile(NamedTuple):
    """The prototxt to match weights with, and what its layers' rules may ask for."""

    path: str | os.PathLike[str]
    stages: tuple[str, ...] = ()
    level: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What was written: sizes in bytes, time in seconds, the source's SHA-256 ("" without), and what to know."""

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
    stages: Sequence[str] = (),
    level: int = 0,
    checksum: bool = True,
) -> Report:
    """Write the weights of one file into another, whose ending says its format.

    Args:
        weights: `.caffemodel` of any age, `.h5`, `.safetensors`, `.npz` or `.pth`; or several with commas between them.
        out: `.safetensors`, `.pth` (a plain state_dict), `.npz`, `.h5` (Caffe's layout), `.caffemodel` or
            `.caffemodel.h5`; what stands there is replaced once the new file is whole.
        prototxt: the net; layers and shapes are checked against it, and it gives a `.caffemodel` its definitions.
        allow_nan: keep numbers that are not finite.
        allow_unused: leave out, and note, layers of the file that the net does not have.
        allow_unknown: go on, and note it, where the net has unknown layer types or fields.
        key: for a `.pth` that holds more than weights: the name of the state_dict in it.
        stages: stages that the layers' rules in `prototxt` may ask for.
        level: level that they may ask for.
        checksum: record the source's SHA-256; taking it is what a conversion of half a gigabyte waits for.

    Raises:
        CaffemodelError: `weights` does not read, or changed while it was read.
        WeightsError: the weights do not belong to the net, or hold NaN.
        UnsupportedLayerError, UnsupportedParameterError: the net has unknown layers or fields.
        OutputError: the ending is unknown, `out` is `weights`, or cannot be written; or stages without `prototxt`.
    """
    if prototxt is None and (stages or level):
        text = "stages and a level choose layers of a net; give it with prototxt (--prototxt NET), or leave them out"
        raise OutputError(text, path=os.fspath(out))
    started, target = time.perf_counter(), Path(out)
    check_target(weights, target, ENDINGS)
    sources = split_paths(weights)
    digests = _digests(sources) if checksum else []
    try:
        for digest in digests:
            digest.start()  # before numpy and the rest are imported, which takes a third as long as hashing half a GB
        allowed = Allowance(allow_nan, allow_unused, allow_unknown)
        net = None if prototxt is None else NetFile(prototxt, tuple(stages), level)
        with watch_files(sources):
            return _read_and_write(weights, digests, target, net, allowed, key, started)
    finally:
        for digest in digests:
            digest.stop()


def _digests(sources: Sequence[str]) -> list[Digest]:
    """What takes the sources' SHA-256, not started."""
    from converter.files.digest import Digest

    return [Digest(path) for path in sources]


def _read_and_write(
    weights: str | os.PathLike[str],
    digests: Sequence[Digest],
    target: Path,
    net: NetFile | None,
    allowed: Allowance,
    key: str | None,
    started: float,
) -> Report:
    """Read, write and count, while the source is being hashed."""
    from converter import __version__
    from converter.formats import weights as weights_files
    from converter.formats.weights.stored import Origin, OutputWeights

    prepared = _read_and_match(weights, net, allowed, key)
    ending = weights_files.ending(target)
    ready = prepared.by_key() if ending in weights_files.BY_KEY else prepared.by_position()

    def check() -> None:
        if not allowed.nan:
            from converter.conversion.finite import check_finite  # numpy, whose import is longer than all before it

            check_finite(ready)

    looks = ending == ".safetensors"  # while it copies
    if not looks:
        check()

    def sha256() -> str:
        return ",".join(digest.hexdigest() for digest in digests)

    sources = split_paths(weights)
    source, recorded = ",".join(Path(path).name for path in sources), sha256 if digests else None
    origin = Origin(source, ready.name, f"dilatednet {__version__}", recorded, len(sources))
    weights_files.write(target, OutputWeights(ready, origin, prepared.definitions, *([check] if looks else [])))
    return _report(target, ready, prepared.notes, sha256(), started)


def _read_and_match(
    weights: str | os.PathLike[str], net: NetFile | None, allowed: Allowance, key: str | None
) -> PreparedWeights:
    """The weights, read, and matched to the net where one is given."""
    from converter.conversion.prepare import PreparedWeights, by_caffe_names
    from converter.formats import weights as weights_files

    stored = weights_files.read(weights, key=key)
    if net is None:
        return PreparedWeights(by_caffe_names(stored), notes=stored.notes)
    from converter.conversion.net import matched_to_net

    skipped = {"allow_unused": allowed.unused, "allow_unknown": allowed.unknown}
    return matched_to_net(stored, net.path, stages=net.stages, level=net.level, **skipped)


def _report(target: Path, written: StoredWeights, notes: Sequence[str], sha256: str, started: float) -> Report:
    """What was written, counted."""
    blobs = [blob for layer in written.layers_with_blobs().values() for blob in layer.stored]
    return Report(
        out=str(target),
        layers=len(written.layers_with_blobs()),
        blobs=len(blobs),
        parameters=sum(blob.size for blob in blobs),
        bytes=target.stat().st_size,
        seconds=time.perf_counter() - started,
        sha256=sha256,
        notes=tuple(notes),
    )


def check_target(weights: str | os.PathLike[str], target: Path, endings: Sequence[str]) -> None:
    """Nothing is converted onto itself, nor into what no format is known for.

    Raises:
        OutputError: it would be.
    """
    if target.suffix not in endings:
        ends = ", ".join((*ENDINGS, ".py", ".onnx", ".pt2"))
        raise OutputError(f"'{target.suffix}' is no ending that tells a format; use one of {ends}", path=str(target))
    for part in split_paths(weights):
        if is_there(target) and is_there(part) and target.samefile(part):
            raise OutputError("is the file that is to be converted; name another", path=str(target))
    if target.is_dir():
        raise OutputError("is a folder; name a file in it", path=str(target))
