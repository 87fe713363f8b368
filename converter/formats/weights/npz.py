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
from converter.files.flow import Flow
from converter.formats.weights.keyed import layers_of
from converter.formats.weights.stored import StoredBlob, StoredNet

_LONGEST_COMMENT = 65_535


def read_npz(path: str | os.PathLike[str]) -> StoredNet:
    """The weights in an `.npz` archive, copied; half, single and double floats alone.

    Raises:
        CaffemodelError: it is missing, truncated or damaged, or holds other things than arrays of floats.
    """
    name = os.fspath(path)
    try:
        with Path(name).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {key: np.asarray(archive[key]) for key in archive.files}
            comment = archive.zip.comment if archive.zip is not None else b""
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError, SyntaxError) as error:
        raise CaffemodelError(f"NumPy cannot read it ({error}); the file is truncated or damaged", path=name) from error
    for key, array in arrays.items():
        if array.dtype.str not in ("<f2", "<f4", "<f8"):
            raise CaffemodelError(f"'{key}' holds {array.dtype}, not floats; save it as float32", path=name)
    metadata = _metadata(comment)
    layers = layers_of(name, {key: StoredBlob(array) for key, array in arrays.items()}, metadata)
    return StoredNet(name, metadata.get("net", ""), layers, None, metadata)


def write_npz(file: Any, arrays: Mapping[str, Flow], metadata: Mapping[str, str]) -> None:
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


def _metadata(comment: bytes) -> dict[str, str]:
    """The comment's table of texts, empty where it is none."""
    try:
        table = json.loads(comment)
    except ValueError:
        return {}
    return {str(name): text for name, text in table.items() if isinstance(text, str)} if isinstance(table, dict) else {}
