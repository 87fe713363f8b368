"""`.npz`: NumPy arrays by state_dict key in a zip archive; the archive's comment says where they came from."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from converter.errors import CaffemodelError
from converter.files.atomic import atomic_write
from converter.files.stream import BlobStream, blob_stream
from converter.formats.weights.keys import by_key, group_by_layer, layer_metadata
from converter.formats.weights.stored import Outgoing, StoredBlob, StoredWeights

_LONGEST_COMMENT = 65_535
_MOST_EXPANSION = 20


def read_npz(path: str | os.PathLike[str]) -> StoredWeights:
    """The weights in an `.npz` archive, copied; half, single and double floats alone.

    Raises:
        CaffemodelError: it is missing, truncated or damaged, or holds other things than arrays of floats.
    """
    name = os.fspath(path)
    try:
        with Path(name).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            _check_sizes(archive.zip, name)
            arrays = {key: np.asarray(archive[key]) for key in archive.files}
            comment = archive.zip.comment if archive.zip is not None else b""
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError, SyntaxError) as error:
        raise CaffemodelError(f"NumPy cannot read it ({error}); the file is truncated or damaged", path=name) from error
    for key, array in arrays.items():
        if array.dtype.str not in ("<f2", "<f4", "<f8"):
            raise CaffemodelError(f"'{key}' holds {array.dtype}, not floats; save it as float32", path=name)
    metadata = _metadata(comment)
    layers = group_by_layer(name, {key: StoredBlob(array) for key, array in arrays.items()}, metadata)
    return StoredWeights(name, metadata.get("net", ""), layers, None, metadata, by_key=True)


def write(path: Path, outgoing: Outgoing) -> None:
    """Write blobs by key; origin, order and types go to the archive's comment.

    Raises:
        OutputError: the file cannot be written.
    """
    weights = outgoing.weights
    arrays = {key: blob_stream(blob, weights.path) for key, blob in by_key(weights).items()}
    metadata = {**outgoing.origin.table(), **layer_metadata(weights)}
    with atomic_write(path) as file:
        write_npz(file, arrays, metadata)


def write_npz(file: Any, arrays: Mapping[str, BlobStream], metadata: Mapping[str, str]) -> None:
    """Write the arrays into an open binary file, uncompressed, the same bytes for the same input.

    A megabyte or so is in memory at a time; metadata that a zip comment cannot hold is cut to the origin.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for key, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{key}.npy"), "w", force_zip64=True) as member:
                header = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
                np.lib.format.write_array_header_1_0(member, header)
                for chunk in array.chunks():
                    member.write(chunk.tobytes())
        comment = json.dumps(dict(metadata)).encode()
        if len(comment) > _LONGEST_COMMENT:
            comment = json.dumps({name: text for name, text in metadata.items() if len(text) < 1024}).encode()
        archive.comment = comment[:_LONGEST_COMMENT]


def _check_sizes(archive: zipfile.ZipFile | None, path: str) -> None:
    """Refuse an archive that would expand to far more than it holds: weights do not compress to a twentieth.

    Raises:
        CaffemodelError: it would.
    """
    items = archive.infolist() if archive is not None else []
    size, held = sum(item.file_size for item in items), sum(item.compress_size for item in items)
    if size > _MOST_EXPANSION * held + (1 << 20):
        text = f"{held} bytes that would expand to {size}; weights do not compress so far, download it again"
        raise CaffemodelError(text, path=path)


def _metadata(comment: bytes) -> dict[str, str]:
    """The comment's table of texts, empty where it is none."""
    try:
        table = json.loads(comment)
    except ValueError:
        return {}
    return {str(name): text for name, text in table.items() if isinstance(text, str)} if isinstance(table, dict) else {}
