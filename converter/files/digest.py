"""A file's SHA-256, taken by a thread of its own: it is the longest part of a conversion, so it starts first."""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
from pathlib import Path
from threading import Thread

from converter.errors import CaffemodelError

_AT_ONCE = 1 << 24
"""Bytes mapped and hashed without Python's lock: copying them into the process first would take half as long again, and
each wait for the lock, which the importing thread gives up after 5 ms, is one in ten."""


class Digest(Thread):
    """Hashes the file at `path` once started; `hexdigest` waits for the end, `stop` gives up."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(name="digest", daemon=True)
        self.path = os.fspath(path)
        self._hash = hashlib.sha256()
        self._error: OSError | None = None
        self._stopped = False

    def run(self) -> None:
        """Hash, one window of the mapped file after the other."""
        try:
            with Path(self.path).open("rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                for start in range(0, size, _AT_ONCE):
                    if self._stopped:
                        break
                    self._window(file.fileno(), start, min(_AT_ONCE, size - start))
        except (OSError, ValueError) as error:
            self._error = error if isinstance(error, OSError) else OSError(errno.EIO, str(error))

    def _window(self, descriptor: int, start: int, size: int) -> None:
        """Hash `size` bytes at `start`, which must still be there: touching a map beyond a file's end is fatal."""
        if os.fstat(descriptor).st_size < start + size:
            raise OSError(errno.EIO, "it became shorter while it was read")
        with mmap.mmap(descriptor, size, access=mmap.ACCESS_READ, offset=start) as window:
            self._hash.update(window)

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
