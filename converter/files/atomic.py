"""Writing a file whole or not at all: a temporary name beside the target, flushed, then renamed over it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from converter.errors import OutputError


@contextmanager
def atomic_write(path: str | os.PathLike[str], *, wait: bool = True) -> Iterator[BinaryIO]:
    """A binary file that takes the name `path` when the block ends well, and leaves nothing behind when it does not.

    With `wait` it is on the disk by then. Without, as after `cp`, the system has it and writes it in its own time: for
    files that can be made again, and that show when a power failure cut them short.

    Raises:
        OutputError: the folder is missing or not writable, or the disk is full.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise OutputError(f"cannot write here: {error.strerror}; name a writable folder", path=str(target)) from error
    temporary = Path(name)
    try:
        with cast(BinaryIO, os.fdopen(handle, "w+b")) as file:
            yield file
            file.flush()
            if wait:
                os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"cannot be written: {reason}; nothing was left behind", path=str(target)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    """The process's file mode mask, which the temporary file does not follow."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
