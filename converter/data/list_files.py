"""Reads and writes the data layers' own files: lists of paths, and fyu's .bin feature maps."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from converter.errors import DatasetError

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
_FLOAT32 = 5
_HEADER = 20


def read_pairs(first: str | os.PathLike[str], second: str | os.PathLike[str]) -> list[tuple[str, str]]:
    """Two lists of names, paired by position; names are separated by white space (one with a space breaks into two).

    Raises:
        DatasetError: a list cannot be read, is empty, or the two differ in length.
    """
    names, labels = read_list(first), read_list(second)
    if len(names) != len(labels):
        message = f"{len(labels)} names against {len(names)} in {first}; expected as many; pair the lists line by line"
        raise DatasetError(message, path=str(second))
    return list(zip(names, labels, strict=True))


def read_list(path: str | os.PathLike[str]) -> list[str]:
    """A list of names, separated by white space.

    Raises:
        DatasetError: it cannot be read, or is empty.
    """
    try:
        names = Path(path).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"this list cannot be read: {error}; name a text file of paths", path=str(path)) from error
    if not names:
        raise DatasetError("this list is empty; expected one path a line; check how it was made", path=str(path))
    return names


def read_bin(path: str) -> Array:
    """A feature map as fyu's tools store it: float32 (channels, rows, columns), mapped from the file.

    The file: int32 OpenCV depth code (5: float32), int32 number of axes, the axes, the values; all little-endian.

    Raises:
        DatasetError: the file is missing, of another type, cut short, or too long.
    """
    try:
        with Path(path).open("rb") as file:
            head = file.read(_HEADER)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise DatasetError(f"this feature map cannot be read: {error.strerror}; check the list", path=path) from error
    code, axes, *shape = struct.unpack("<5i", head.ljust(_HEADER, b"\0"))
    if code != _FLOAT32 or axes != 3:
        message = f"type code {code} and {axes} axes; expected 5 (float32) and 3; make it with 'dilatednet features'"
        raise DatasetError(message, path=path)
    if min(shape) < 1 or size != _HEADER + 4 * shape[0] * shape[1] * shape[2]:
        raise DatasetError(
            f"{size} bytes do not hold shape {tuple(shape)}; the file is damaged; make it again", path=path
        )
    values: Array = np.memmap(path, np.dtype("<f4"), "r", _HEADER, (shape[0], shape[1], shape[2]))
    return values


def bin_header(shape: tuple[int, int, int]) -> bytes:
    """What stands before the float32 values of a feature map of `shape` (channels, rows, columns)."""
    return struct.pack("<5i", _FLOAT32, 3, *shape)
