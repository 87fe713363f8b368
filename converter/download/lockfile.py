"""The lock file beside downloads: the sha256 that a file had when it first came, checked ever after."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from converter.errors import DownloadError
from converter.files.folder_record import write_json
from converter.files.json_text import parse_json

LOCK_NAME = "dilatednet.lock.json"
_BLOCK = 1 << 20


def digest(path: Path, algorithm: str = "sha256") -> str:
    """A file's checksum as lower-case hexadecimal digits."""
    state = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            state.update(block)
    return state.hexdigest()


def recorded_sha256(folder: Path, name: str) -> str | None:
    """The sha256 recorded for a file name, None where it never came.

    Raises:
        DownloadError: the lock file does not read.
    """
    entry = _read(folder).get(name)
    return str(entry["sha256"]) if entry else None


def record(folder: Path, name: str, sha256: str, size: int, address: str) -> None:
    """Remember a file's sha256, its bytes and where it came from.

    Raises:
        DownloadError, OutputError: the lock file does not read, or cannot be written.
    """
    entries = _read(folder)
    entries[name] = {"sha256": sha256, "bytes": size, "address": address}
    write_json(folder / LOCK_NAME, dict(sorted(entries.items())))


def forget(folder: Path, name: str) -> None:
    """Drop what is recorded of a file name, so that another file may come under it.

    Raises:
        DownloadError, OutputError: the lock file does not read, or cannot be written.
    """
    entries = _read(folder)
    if entries.pop(name, None):
        write_json(folder / LOCK_NAME, entries)


def _read(folder: Path) -> dict[str, dict[str, Any]]:
    """All entries by file name."""
    path = folder / LOCK_NAME
    try:
        entries = parse_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DownloadError(f"not a readable lock file: {error}; mend or delete it", path=str(path)) from error
    if not isinstance(entries, dict) or not all(isinstance(e, dict) and "sha256" in e for e in entries.values()):
        raise DownloadError("not a lock file: want an object of objects with sha256; mend or delete it", path=str(path))
    return entries
