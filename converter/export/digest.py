"""A file's SHA-256, taken by a thread of its own: it is the longest part of a conversion, so it starts first."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from threading import Thread

from converter.errors import CaffemodelError

_AT_ONCE = 1 << 21
"""Bytes hashed without Python's lock: few enough for a core's cache, enough that waiting for the lock does not show."""


class Digest(Thread):
    """Hashes the file at `path` once started; `hexdigest` waits for the end, `stop` gives up."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(name="digest", daemon=True)
        self.path = os.fspath(path)
        self._hash = hashlib.sha256()
        self._error: OSError | None = None
        self._stopped = False

    def run(self) -> None:
        """Hash, some megabytes at a time."""
        try:
            with Path(self.path).open("rb", buffering=0) as file:
                buffer = memoryview(bytearray(min(_AT_ONCE, max(1, os.fstat(file.fileno()).st_size))))
                while not self._stopped and (count := file.readinto(buffer)):
                    self._hash.update(buffer[:count])
        except OSError as error:
            self._error = error

    def stop(self) -> None:
        """Hash no further; does nothing where all is hashed."""
        self._stopped = True
        if self.is_alive():
            self.join()

    def hexdigest(self) -> str:
        """The digest in hexadecimal, once it is there.

        Raises:
            CaffemodelError: the file cannot be read, or no longer.
        """
        if self.ident is None:
            self.start()
        self.join()
        if self._error is not None:
            text = f"can no longer be read: {self._error.strerror}"
            raise CaffemodelError(text, path=self.path) from self._error
        return self._hash.hexdigest()
