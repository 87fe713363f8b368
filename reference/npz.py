"""Reads .npz: a zip archive of .npy members, none of which is unpickled, and none larger than its header says."""

from __future__ import annotations

import math
import struct
import tokenize
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.errors import WireError
from reference.memory import check_expansion
from reference.stored import Arrays

_DAMAGE = (
    *(
        OSError,
        ValueError,
        TypeError,
        KeyError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        SyntaxError,
        MemoryError,
        OverflowError,
    ),
    *(zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError),
)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # NumPy's; zipfile unpacks the others whole


def read_npz(path: str) -> Arrays:
    """A .npz file -> its arrays by key, of the shapes and types stored.

    Raises:
        WireError: it is missing, cut off, torch's own archive, holds objects, or would expand beyond reason.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            size = sum(member.file_size for member in members)
            if any(member.filename.endswith("data.pkl") for member in members):
                raise WireError("is a file of torch.save; give the oracle its plain dict of arrays", path=path)
            if any(member.compress_type not in _METHODS for member in members):
                raise WireError("holds a member that is neither stored nor deflated", path=path)
            largest = max(members, key=lambda member: member.file_size, default=None)
            check_expansion(size, path, largest.filename if largest else "")
            return {member.filename.removesuffix(".npy"): _member(archive, member) for member in members}
    except _DAMAGE as error:
        raise WireError(f"is no archive of plain arrays: {error}", path=path) from None


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """One array; its header's shape must be what the member holds, so that nothing more is allocated."""
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"{member.filename} is of .npy version {version}, expected 1.0 or 2.0")
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, by_column, dtype = header(file)
        if dtype.hasobject:
            raise ValueError(f"{member.filename} holds Python objects, which are not unpickled")
        size = math.prod(shape) * dtype.itemsize
        if size != member.file_size - file.tell():
            raise ValueError(f"{member.filename} holds {member.file_size - file.tell()} bytes, {size} by its header")
        array = np.frombuffer(file.read(size + 1), dtype)
        return array.reshape(shape[::-1]).T if by_column else array.reshape(shape)
