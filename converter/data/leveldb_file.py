"""LevelDB's records by the package `plyvel`, asked for when it is needed; every checksum is compared. No torch here.

Without that LevelDB hands out what a damaged table holds, and leaves out what a damaged log does. Source: leveldb's
include/leveldb/options.h (paranoid_checks, verify_checksums).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from converter.errors import DatasetError

_FOOTER = 48
"""Bytes at a table's end: where its index lies, and a mark."""
_MAGIC = bytes.fromhex("57fb808b247547db")
_TRAILER = 5
"""Bytes behind a block: how it is compressed, and its checksum."""
_AGAIN = "copy this LevelDB whole, or make it again"


class LevelDbFile:
    """A LevelDB for reading: its values in key order, each iteration from the first one on.

    Attributes:
        path: its folder.
    """

    def __init__(self, path: str) -> None:
        """Open it.

        Raises:
            DatasetError: the package is not installed, this does not open, or a table's footer cannot be right.
        """
        self.path = path
        try:
            self._plyvel: Any = importlib.import_module("plyvel")
        except ImportError as error:
            text = "this LevelDB needs the package plyvel, which is not installed"
            raise DatasetError(f"{text}; pip install plyvel, or convert it to LMDB", path=path) from error
        try:
            for table in sorted([*Path(path).glob("*.ldb"), *Path(path).glob("*.sst")]):
                if table.is_file():
                    _check_footer(table)
            self._opened = self._plyvel.DB(path, create_if_missing=False, paranoid_checks=True)
        except (OSError, self._plyvel.Error) as error:
            what = f"cannot be opened as LevelDB: {_text(error)}"
            raise DatasetError(f"{what}; {_advice(path, error)}", path=path) from error

    def values(self) -> Iterator[bytes]:
        """The values.

        Raises:
            DatasetError: at the first one that a damaged file holds; the folder is closed then.
        """
        try:
            records = self._opened.raw_iterator(verify_checksums=True)  # `iterator` ends at damage without a word
            records.seek_to_first()
            while records.valid():
                yield records.value()
                records.next()
        except (OSError, self._plyvel.Error) as error:
            self._opened.close()  # the folder is locked while it is open, and the error keeps this object alive
            raise DatasetError(f"a record cannot be read: {_text(error)}; {_AGAIN}", path=self.path) from error


def _check_footer(table: Path) -> None:
    """Refuse a table whose blocks lie beyond its end: LevelDB asks for their memory first, and ends the process.

    A file without the footer's mark is left to LevelDB, which reads it only if it is one of its own. Source: leveldb's
    doc/table_format.md.
    """
    size = table.stat().st_size
    with table.open("rb") as file:
        file.seek(max(0, size - _FOOTER))
        footer = file.read()
    if len(footer) < _FOOTER or not footer.endswith(_MAGIC):
        return
    metaindex, metaindex_size, index, index_size = _numbers(footer, 4)
    end = max(metaindex + metaindex_size, index + index_size) + _TRAILER
    if end > size - _FOOTER:
        text = f"this table's index ends at byte {end}, its footer begins at {size - _FOOTER}"
        raise DatasetError(f"{text}; {_AGAIN}", path=str(table))


def _numbers(data: bytes, count: int) -> list[int]:
    """The first numbers of `data`, seven bits a byte, the lowest first."""
    found, number, shift = [], 0, 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            found.append(number)
            number, shift = 0, 0
    return (found + [0] * count)[:count]


def _advice(path: str, error: Exception) -> str:
    """What to do about a folder that does not open."""
    if not (Path(path) / "CURRENT").is_file():
        return "name its folder"
    return "close what has it open" if _text(error).startswith("IO error: lock ") else _AGAIN


def _text(error: Exception) -> str:
    """What LevelDB says, which plyvel hands on as bytes."""
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "surrogateescape") if isinstance(said, bytes) else str(error)
