"""Writing a file whole or not at all: a part without a name, or beside the target, flushed, then given the name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from converter.errors import OutputError
from converter.files.parts import give_name, open_part
from converter.files.unchanged import check_unchanged


@contextmanager
def atomic_write(path: str | os.PathLike[str], *, wait: bool = True) -> Iterator[BinaryIO]:
    """A binary file that takes the name `path` when the block ends well, and leaves nothing behind when it does not.

    Where the file system has files without a name (Linux's ext4, XFS, Btrfs, tmpfs), nothing is left of a killed
    process either; elsewhere the next process that writes into the folder removes what it left.

    With `wait` it is on the disk by then. Without, as after `cp`, the system has it and writes it in its own time: for
    files that can be made again, and that show when a power failure cut them short.

    Raises:
        CaffemodelError: a file that the result comes from changed meanwhile (converter.files.unchanged).
        OutputError: the folder is missing or not writable, or the disk is full.
    """
    target = Path(path)
    try:
        descriptor, part = open_part(target.parent, target.name)
    except OSError as error:
        raise OutputError(f"cannot write here: {error.strerror}; name a writable folder", path=str(target)) from error
    try:
        with cast(BinaryIO, os.fdopen(descriptor, "w+b")) as file:
            yield file
            file.flush()
            if wait:
                os.fsync(file.fileno())
            check_unchanged()
            give_name(file.fileno(), part, target)
    except OSError as error:
        check_unchanged()  # the error may be the source's
        reason = error.strerror or error
        raise OutputError(f"cannot be written: {reason}; nothing was left behind", path=str(target)) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
