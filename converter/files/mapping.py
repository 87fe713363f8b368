"""Files mapped into memory: nothing is read until it is touched, and nothing is copied."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.errors import CaffemodelError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Mapped:
    """A file's bytes; writing to a view changes the process's private pages, never the file."""

    path: str
    data: mmap.mmap | bytes
    size: int

    def view(self, dtype: str, start: int, count: int) -> np.ndarray[Any, np.dtype[Any]]:
        """`count` numbers at byte `start`, (count,); numpy and torch take offsets that no alignment rule fits."""
        import numpy as np

        return np.frombuffer(self.data, dtype, count, start)

    def error(self, what: str, offset: int | None = None) -> CaffemodelError:
        """The error that names this file, and the byte where it goes wrong."""
        return CaffemodelError(what if offset is None else f"byte {offset}: {what}", path=self.path)


def map_file(path: str | os.PathLike[str], error: Callable[..., Exception] = CaffemodelError) -> Mapped:
    """The file at `path`, mapped.

    Raises:
        CaffemodelError: it is missing, unreadable, a folder or empty (`error`: another class for the first three).
    """
    name = os.fspath(path)
    try:
        with Path(name).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                raise CaffemodelError("is empty; download it again", path=name)
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError) as failure:
        reason = getattr(failure, "strerror", None) or str(failure)
        hint = "name a file in it" if Path(name).is_dir() else "check the path"
        raise error(f"cannot be read: {reason}; {hint}", path=name) from failure
    return Mapped(name, data, size)


def release(array: np.ndarray[Any, Any]) -> None:
    """Tell the system that a mapped array's pages are not wanted for now; they come back when they are touched.

    Only whole pages inside the array go. What the process wrote to its private pages is kept: the advice is Linux's
    MADV_PAGEOUT, which never loses data (where it is unknown nothing happens). It is given by address, because an array
    that went through torch no longer knows the map it lies in.
    """
    from converter.files.libc import page_out

    first = -(-array.ctypes.data // mmap.PAGESIZE) * mmap.PAGESIZE
    last = (array.ctypes.data + array.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE
    if last > first:
        page_out(first, last - first)
