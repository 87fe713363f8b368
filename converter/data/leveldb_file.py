"""LevelDB's records by the package `plyvel`, asked for when it is needed; every checksum is compared. No torch here.

Without that LevelDB hands out what a damaged table holds, and leaves out what a damaged log does. It runs in a process
of its own, which it may end on a hostile file.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from converter.data import leveldb_process
from converter.data.leveldb_process import FRAME, NUMBER
from converter.errors import DatasetError
from converter.files.memory import memory_budget

_AGAIN = "copy this LevelDB whole, or make it again"
_READ_AHEAD = 1 << 20


class LevelDbFile:
    """A LevelDB for reading: its values in key order, each iteration from the first one on.

    Attributes:
        path: its folder.
        entries: how many values it holds.
    """

    def __init__(self, path: str) -> None:
        """Go through it once.

        Raises:
            DatasetError: the package is not installed, this does not open, or a record cannot be read.
        """
        self.path = path
        try:
            importlib.import_module("plyvel")
        except ImportError as error:
            text = "this LevelDB needs the package plyvel, which is not installed"
            raise DatasetError(f"{text}; pip install plyvel, or convert it to LMDB", path=path) from error
        (counted,) = self._frames("count")
        (self.entries,) = NUMBER.unpack(counted)

    def values(self) -> Iterator[bytes]:
        """The values.

        Raises:
            DatasetError: at the first one that a damaged file holds.
        """
        yield from self._frames("values")

    def _frames(self, what: str) -> Iterator[bytes]:
        """The values, or their count alone.

        Raises:
            DatasetError: what LevelDB says, or that it ended its process.
        """
        with _started(what, self.path) as process:
            assert process.stdout is not None
            try:
                for kind, data in _read(process.stdout):
                    if kind in b"XE":
                        raise self._error(kind, data.decode("utf-8", "surrogateescape"))
                    if kind == b"V" or what == "count":
                        yield data
                    if kind == b"C":
                        return
                raise self._ended(process.wait())
            finally:
                process.kill()

    def _error(self, kind: bytes, said: str) -> DatasetError:
        if kind == b"E":
            return DatasetError(f"a record cannot be read: {said}; {_AGAIN}", path=self.path)
        return DatasetError(f"cannot be opened as LevelDB: {said}; {_advice(self.path, said)}", path=self.path)

    def _ended(self, status: int) -> DatasetError:
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        text = f"LevelDB's own code ended with {how}, as it does on wrong sizes in a file"
        return DatasetError(f"{text}; {_AGAIN}", path=self.path)


def _started(what: str, path: str) -> subprocess.Popen[bytes]:
    """The process that reads: -P, since its folder holds modules of names that others have too."""
    command = [sys.executable, "-P", leveldb_process.__file__, what, path, str(memory_budget())]
    return subprocess.Popen(
        command,
        bufsize=_READ_AHEAD,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def _read(stream: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Kind and bytes of each whole frame."""
    while len(head := stream.read(FRAME.size)) == FRAME.size:
        kind, size = FRAME.unpack(head)
        data = stream.read(size)
        if len(data) < size:
            return
        yield kind, data


def _advice(path: str, said: str) -> str:
    """What to do about a folder that does not open."""
    if not (Path(path) / "CURRENT").is_file():
        return "name its folder"
    return "close what has it open" if said.startswith("IO error: lock ") else _AGAIN
