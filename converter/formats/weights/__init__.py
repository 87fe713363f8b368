"""Weights files: one module a format, each with `read` and `write`; a format is detected by a file's content."""

from __future__ import annotations

import importlib
import os
from dataclasses import replace
from pathlib import Path

from converter.errors import CaffemodelError, OutputError
from converter.files.mapping import map_file
from converter.files.paths import split_paths
from converter.formats.detect import format_of
from converter.formats.weights.stored import OutputWeights, StoredWeights

_READERS = {"hdf5": "hdf5", "safetensors": "safetensors", "npz": "npz", "torch": "pth"}
_WRITERS = {
    ".safetensors": "safetensors",
    ".pth": "pth",
    ".npz": "npz",
    ".h5": "hdf5_writer",
    ".caffemodel": "caffemodel_writer",
}
BY_KEY = frozenset({".safetensors", ".pth", ".npz"})
"""Endings of the formats that hold blobs by key."""


def read(path: str | os.PathLike[str], *, key: str | None = None) -> StoredWeights:
    """The layers and blobs of a `.caffemodel`, `.h5`, `.safetensors`, `.pth` or `.npz` file.

    Args:
        path: the file, or several by position with commas between them, as Caffe's `--weights` takes them: of a layer
            that several hold the last counts.
        key: for a `.pth` that holds more than weights: the name under which the state_dict stands in it.

    Raises:
        CaffemodelError: it is none of these, is truncated or damaged, or holds no weights; or `key` is given for a file
            that has no place for it.
    """
    files = [_read_one(part, key) for part in split_paths(path)]
    return files[0] if len(files) == 1 else _merge(os.fspath(path), files)


def _read_one(path: str, key: str | None) -> StoredWeights:
    kind = _READERS.get(format_of(map_file(path)), "caffemodel")
    if kind == "pth":
        from converter.formats.weights.pth import read_pth

        return read_pth(path, key)
    if key is not None:
        raise CaffemodelError(f"--key {key} is for files of torch.save, which this is not; leave it out", path=path)
    reader = importlib.import_module(f"converter.formats.weights.{kind}")
    found: StoredWeights = getattr(reader, f"read_{kind}")(path)
    if not found.layers:
        raise CaffemodelError("holds no layers; is it a weights file?", path=path)
    return found


def _merge(name: str, files: list[StoredWeights]) -> StoredWeights:
    """Several files as one; their blobs no longer lie in one file, so they are taken from memory.

    Raises:
        CaffemodelError: some hold blobs by key, others by position.
    """
    if len({weights.by_key for weights in files}) > 1:
        text = "files by key (.safetensors, .pth, .npz) and by position together; convert them to one kind first"
        raise CaffemodelError(text, path=name)
    layers = [
        replace(layer, stored=tuple(replace(blob, offset=-1) for blob in layer.stored), span=None, definition_kind="")
        for weights in files
        for layer in weights.layers
    ]
    return replace(files[0], path=name, layers=tuple(layers), notes=tuple(note for one in files for note in one.notes))


def ending(path: str | os.PathLike[str]) -> str:
    """The ending that tells the format in which a file of this name is written.

    Raises:
        OutputError: it tells none.
    """
    suffix = Path(path).suffix
    if suffix not in _WRITERS:
        ends = ", ".join(_WRITERS)
        raise OutputError(f"'{suffix}' is no ending that tells a format; use one of {ends}", path=os.fspath(path))
    return suffix


def write(path: str | os.PathLike[str], outgoing: OutputWeights) -> None:
    """Write weights in the format that the path's ending tells, whole or not at all.

    Raises:
        OutputError: the ending tells no format, or the file cannot be written.
    """
    writer = importlib.import_module(f"converter.formats.weights.{_WRITERS[ending(path)]}")
    writer.write(Path(path), outgoing)
