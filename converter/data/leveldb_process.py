"""A LevelDB's records, written to standard output by a process of their own. Standard library and `plyvel` alone.

LevelDB takes a table's sizes for granted where their checksum is right, and ends the process on wrong ones. So
`leveldb_file` runs this file as a program, whose end is an error there.

    python leveldb_process.py count|values FOLDER BYTES

`BYTES` of memory may be taken. Every frame is a kind (one byte), a length (8 bytes) and as many bytes: `V` a value, `C`
the count as eight bytes, `X` LevelDB's error while the folder is opened, `E` its error at a record. `C` is the last.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

FRAME = struct.Struct("<cQ")
NUMBER = struct.Struct("<Q")


class _Records(Protocol):
    """Part of `plyvel.RawIterator`."""

    def seek_to_first(self) -> None: ...
    def valid(self) -> bool: ...
    def value(self) -> bytes: ...
    def next(self) -> None: ...


def _limit_memory(size: int) -> None:
    """Mapped files are not part of it: a database may be larger than memory."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = size if most == resource.RLIM_INFINITY else min(size, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, most))


def _send(kind: bytes, data: bytes) -> None:
    sys.stdout.buffer.write(FRAME.pack(kind, len(data)))
    sys.stdout.buffer.write(data)


def _send_error(kind: bytes, error: Exception) -> None:
    """What LevelDB says, which plyvel hands on as bytes."""
    said = error.args[0] if error.args else ""
    _send(kind, said if isinstance(said, bytes) else str(error).encode("utf-8", "surrogateescape"))


def _walk(records: _Records, each: Callable[[bytes], object]) -> int:
    count = 0
    records.seek_to_first()
    while records.valid():
        each(records.value())
        count += 1
        records.next()
    return count


def _run(plyvel: Any, path: str, each: Callable[[bytes], object]) -> None:
    """Source: leveldb's include/leveldb/options.h (paranoid_checks, verify_checksums)."""
    kind = b"X"
    try:
        opened = plyvel.DB(path, create_if_missing=False, paranoid_checks=True)
        kind = b"E"
        records = opened.raw_iterator(verify_checksums=True)  # `iterator` ends at damage without a word
        _send(b"C", NUMBER.pack(_walk(records, each)))
    except (OSError, plyvel.Error) as error:
        _send_error(kind, error)


def main() -> None:
    """Run as the module says; quietly no further where nobody reads."""
    import plyvel  # type: ignore[import-untyped, unused-ignore]

    what, path, limit = sys.argv[1:]
    _limit_memory(int(limit))
    try:
        _run(plyvel, path, partial(_send, b"V") if what == "values" else len)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == "__main__":
    main()
