"""Keyed records of LMDB and LevelDB in key order, by position. No torch here.

Source: src/caffe/util/db_lmdb.cpp, db_leveldb.cpp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from converter.data.leveldb_file import LevelDbFile
from converter.data.lmdb_file import LmdbFile
from converter.errors import DatasetError
from converter.files.paths import is_there


class Database:
    """A database's values in key order; the next one costs no search.

    Attributes:
        path: where it lies.
        count: how many there are.
    """

    def __init__(self, path: str, count: int, begin: Callable[[], Iterator[bytes]]) -> None:
        self.path, self.count = path, count
        self._begin = begin
        self._values = begin()
        self._next = 0

    def value(self, position: int) -> bytes:
        """The value at `position`, counted on from the first again behind the last."""
        place = position % self.count
        if place < self._next:
            self._values, self._next = self._begin(), 0
        for value in self._values:
            self._next += 1
            if self._next > place:
                return value
        raise DatasetError(f"ends after {self._next} records of {self.count}; it is damaged", path=self.path)


def open_database(path: str, backend: str) -> Database:
    """A database for reading.

    Args:
        path: its folder (an LMDB may be a single file).
        backend: LMDB or LEVELDB.

    Raises:
        DatasetError: it is not there, does not open, is damaged or empty, or its package is not installed.
    """
    if not is_there(path):
        raise DatasetError(f"no such {backend}; check source, which is relative to the working folder", path=path)
    opened = (_lmdb if backend == "LMDB" else _leveldb)(path)
    if not opened.count:
        raise DatasetError(f"this {backend} holds no records; make it again", path=path)
    return opened


def _lmdb(path: str) -> Database:
    file = LmdbFile(path)
    return Database(path, file.entries, file.values)


def _leveldb(path: str) -> Database:
    file = LevelDbFile(path)
    return Database(path, file.entries, file.values)
