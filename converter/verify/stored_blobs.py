"""Blobs that another program stored in an npz file (genuine Caffe, say), to verify against."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from converter.errors import ComparisonError
from converter.files.damage import NPZ_DAMAGE
from converter.files.memory import check_memory

Array: TypeAlias = "np.ndarray[Any, Any]"
_KINDS = ("in", "out", "sample", "shape")


@dataclass(frozen=True, slots=True)
class StoredBlobs:
    """Arrays by blob name: `inputs` that were fed, whole blobs, samples of blobs, and shapes alone."""

    path: str
    inputs: dict[str, Array]
    blobs: dict[str, Array]
    samples: dict[str, Array]
    shapes: dict[str, tuple[int, ...]]


def read_blobs(path: str | os.PathLike[str]) -> StoredBlobs:
    """An npz whose keys are blob names, or `in:BLOB`, `out:BLOB`, `sample:BLOB`, `shape:BLOB`.

    Raises:
        ComparisonError: the file is missing, is no npz, is damaged, or holds anything but numbers.
        MemoryLimitError: the arrays do not fit into memory.
    """
    name = os.fspath(path)
    try:
        with Path(name).open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise ComparisonError("is not an npz of blobs, or is cut off; write it with numpy.savez", path=name)
            file.seek(0)
            _check_size(file, name)
            with np.load(file, allow_pickle=False) as stored:
                arrays = {key: np.asarray(stored[key]) for key in stored.files}
    except FileNotFoundError as error:
        raise ComparisonError("cannot be read: no such file; check the path", path=name) from error
    except NPZ_DAMAGE as error:
        reason = str(error).partition(" when allow_pickle")[0]
        raise ComparisonError(f"is not an npz of blobs: {reason}; write it with numpy.savez", path=name) from error
    return _by_kind(name, arrays)


def _check_size(file: BinaryIO, path: str) -> None:
    """Refuse an archive whose arrays do not fit into memory, before one of them is unpacked.

    Raises:
        MemoryLimitError: they do not.
        ComparisonError: a member is compressed as NumPy never does; Python unpacks such a one whole.
    """
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    if any(item.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for item in members):
        raise ComparisonError("is compressed as NumPy never does; write it with numpy.savez", path=path)
    largest = max(members, key=lambda item: item.file_size, default=None)
    if largest is not None:
        total = sum(item.file_size for item in members)
        check_memory(total, f"with '{largest.filename.removesuffix('.npy')}' the arrays", path=path)
    file.seek(0)


def _by_kind(path: str, arrays: dict[str, Array]) -> StoredBlobs:
    found: dict[str, dict[str, Array]] = {kind: {} for kind in _KINDS}
    for key, array in arrays.items():
        if array.dtype.kind not in "fiub":
            raise ComparisonError(f"{key}: holds {array.dtype}, not numbers", path=path)
        kind, colon, blob = key.partition(":")
        if colon and kind in _KINDS:
            found[kind][blob] = array
        else:
            found["out"][key] = array
    blobs = {**found["sample"], **found["out"]}
    if not blobs:
        raise ComparisonError("holds no blobs; expected arrays by blob name", path=path)
    empty = [blob for blob, array in blobs.items() if not array.size]
    if empty:
        raise ComparisonError(f"holds no value of {', '.join(empty[:8])}; store every blob whole", path=path)
    shapes = {blob: tuple(int(size) for size in array) for blob, array in found["shape"].items()}
    return StoredBlobs(path, found["in"], found["out"], found["sample"], shapes)


def sample(array: Array, count: int) -> Array:
    """The elements (n,) that a `sample:BLOB` of `count` values holds: places spread by a multiplicative hash."""
    places = np.arange(count, dtype=np.uint64) * np.uint64(2654435761) % np.uint64(array.size)
    return np.asarray(array.ravel()[places.astype(np.int64)])


def check_names(actual: Mapping[str, Array], stored: StoredBlobs) -> None:
    """Refuse stored blobs that are not just those which the net makes.

    Raises:
        ComparisonError: one is missing, or has no place in the net.
    """
    held = {*stored.blobs, *stored.samples}
    missing = [name for name in actual if name not in held]
    extra = [name for name in held if name not in actual and not _is_split(name)]
    if missing or extra:
        told = [f"lacks {', '.join(missing[:8])}"] if missing else []
        told += [f"holds {', '.join(sorted(extra)[:8])}, which the net does not make"] if extra else []
        raise ComparisonError(f"{' and '.join(told)}; store every blob of this very net", path=stored.path)


def _is_split(name: str) -> bool:
    """Whether a blob is one of Caffe's automatic copies, `<blob>_<layer>_<top>_split_<n>`."""
    return "_split_" in name and name.rpartition("_")[2].isdigit()
