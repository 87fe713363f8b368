"""LMDB's data.mdb, read page by page: every place that the file names is checked before it is looked at. No torch here.

The package `lmdb` trusts its pages, and ends the process on a damaged one. Caffe's databases need little of it: one
tree of keys, each with one value, of the 64-bit little-endian form. Source: lmdb.h and mdb.c of LMDB 0.9 (MDB_page,
MDB_meta, MDB_db, MDB_node).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

from converter.errors import DatasetError
from converter.files.mapping import map_file
from converter.files.memory import check_memory

_MAGIC, _VERSION = 0xBEEFC0DE, 1
_HEADER = 16
_META = struct.Struct("<IIQQ")
_DB = struct.Struct("<IHHQQQQQ")
_TRANSACTION = struct.Struct("<QQ")
_NODE = struct.Struct("<HHHH")
_META_SIZE = _META.size + 2 * _DB.size + _TRANSACTION.size
_BRANCH, _LEAF, _OVERFLOW, _KINDS = 0x01, 0x02, 0x04, 0x2F
_BIG, _PLAIN = 0x01, 0
_NO_ROOT = 2**64 - 1
_LEAST_PAGE, _MOST_PAGE, _DEEPEST = 256, 65536, 32
_DUPLICATES = 0x04
"""MDB_DUPSORT: several values a key."""


class _Meta(NamedTuple):
    """One of the two heads: the transaction that wrote it, the page size, and the main tree."""

    transaction: int
    page: int
    flags: int
    depth: int
    entries: int
    root: int


class _Tree(NamedTuple):
    """A branch that is being walked: its children's pages, and how deep they lie."""

    children: Iterator[int]
    depth: int


class LmdbFile:
    """The values of an LMDB in the order of their keys.

    Args:
        path: the database's folder, or its one file.

    Attributes:
        entries: how many there are.

    Raises:
        DatasetError: it cannot be read, or is no LMDB of a form that is known.
    """

    def __init__(self, path: str) -> None:
        self.path = str(Path(path) / "data.mdb") if Path(path).is_dir() else path
        self._file = map_file(self.path, DatasetError)
        self._meta = self._newest_meta()
        self._page, self.entries = self._meta.page, self._meta.entries

    def values(self) -> Iterator[bytes]:
        """Every value once.

        Raises:
            DatasetError: a page that is damaged, or other than the head counts them.
            MemoryLimitError: a value that does not fit into memory.
        """
        given = 0
        for leaf in self._leaves():
            for at in self._nodes(leaf):
                given += 1
                if given > self.entries:
                    self._refuse(f"holds more than the {self.entries} records of its head")
                yield self._value(leaf, at)
        if given < self.entries:
            self._refuse(f"holds {given} records; its head says {self.entries}")

    def _newest_meta(self) -> _Meta:
        """The head that the last transaction wrote; the second lies a page behind the first."""
        first = self._read_meta(0)
        second = self._read_meta(first.page) if first else None
        if first is None or second is None:
            self._refuse("is no LMDB of 64 bits")
        meta = max(first, second, key=lambda one: one.transaction)
        if meta.flags & _DUPLICATES:
            self._refuse("has several values a key, which Caffe's databases do not")
        if meta.entries > self._file.size // _NODE.size or meta.depth > _DEEPEST:
            self._refuse(f"says it holds {meta.entries} records in {meta.depth} levels, in {self._file.size} bytes")
        return meta

    def _read_meta(self, start: int) -> _Meta | None:
        """A head; None where there is none."""
        at = start + _HEADER
        if at + _META_SIZE > self._file.size:
            return None
        data = self._file.data
        magic, version, _, _ = _META.unpack_from(data, at)
        page, *_ = _DB.unpack_from(data, at + _META.size)
        _, flags, depth, _, _, _, entries, root = _DB.unpack_from(data, at + _META.size + _DB.size)
        _, transaction = _TRANSACTION.unpack_from(data, at + _META.size + 2 * _DB.size)
        sound = _LEAST_PAGE <= page <= _MOST_PAGE and not page & (page - 1)
        if (magic, version) != (_MAGIC, _VERSION) or not sound:
            return None
        return _Meta(transaction, page, flags, depth, 0 if root == _NO_ROOT else entries, root)

    def _leaves(self) -> Iterator[int]:
        """Where each leaf of the tree begins, in the order of the keys; no deeper than the head says."""
        if self._meta.root == _NO_ROOT:
            return
        open_branches = [_Tree(iter([self._meta.root]), 1)]
        while open_branches:
            branch = open_branches[-1]
            number = next(branch.children, None)
            if number is None:
                open_branches.pop()
                continue
            is_leaf = branch.depth == self._meta.depth
            start = self._find_page(number, _LEAF if is_leaf else _BRANCH)
            if is_leaf:
                yield start
            else:
                open_branches.append(_Tree(self._children(start), branch.depth + 1))

    def _find_page(self, number: int, kind: int) -> int:
        """Where a page begins, once it is there, bears its number and is of its kind."""
        start = number * self._page
        if start + self._page > self._file.size:
            self._refuse(f"has no page {number}; it is cut short or damaged")
        own, _, flags = struct.unpack_from("<QHH", self._file.data, start)
        if own != number or flags & _KINDS != kind:
            self._refuse(f"page {number} is damaged")
        return start

    def _nodes(self, page: int) -> Iterator[int]:
        """Where each node of a branch or leaf begins, its head inside the page."""
        lower = struct.unpack_from("<H", self._file.data, page + 12)[0]
        count = (lower - _HEADER) // 2
        if not 1 <= count <= (self._page - _HEADER) // (2 + _NODE.size):
            self._refuse(f"page {page // self._page} says it has {count} nodes")
        for place in struct.unpack_from(f"<{count}H", self._file.data, page + _HEADER):
            if not lower <= place <= self._page - _NODE.size:
                self._refuse(f"page {page // self._page} has a node outside of it")
            yield page + place

    def _children(self, page: int) -> Iterator[int]:
        """Numbers of the pages below a branch."""
        for at in self._nodes(page):
            low, middle, high, _ = _NODE.unpack_from(self._file.data, at)
            yield low | middle << 16 | high << 32

    def _value(self, page: int, at: int) -> bytes:
        """A leaf's value: behind its key, or on pages of its own."""
        low, high, flags, key = _NODE.unpack_from(self._file.data, at)
        size, start = low | high << 16, at + _NODE.size + key
        check_memory(size, "a record", path=self.path)
        if flags == _PLAIN:
            if start + size > page + self._page:
                self._refuse(f"page {page // self._page} has a record that reaches out of it")
            return bytes(self._file.data[start : start + size])
        if flags != _BIG:
            self._refuse("holds databases or several values a key, which Caffe's do not")
        if start + 8 > page + self._page:
            self._refuse(f"page {page // self._page} has a record that reaches out of it")
        begin = self._find_page(struct.unpack_from("<Q", self._file.data, start)[0], _OVERFLOW) + _HEADER
        pages = struct.unpack_from("<I", self._file.data, begin - 4)[0]
        if _HEADER + size > pages * self._page or begin + size > self._file.size:
            self._refuse(f"has a record of {size} bytes on {pages} pages; it is cut short or damaged")
        return bytes(self._file.data[begin : begin + size])

    def _refuse(self, what: str) -> NoReturn:
        raise DatasetError(f"{what}; make the LMDB again, or copy it whole", path=self.path)
