"""Files that other libraries write by name: into a folder beside the target first, then moved, whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from converter.errors import OutputError
from converter.files.parts import lock, part_path, remove_stale_parts
from converter.files.unchanged import check_unchanged


@contextmanager
def write_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path to write to; when the block ends well, it and what was written beside it take their places.

    Raises:
        OutputError: the folder is missing or not writable, or the disk is full.
    """
    target = Path(path)
    try:
        folder, mark = _part_folder(target.parent, target.name)
    except OSError as error:
        raise OutputError(f"cannot write here: {error.strerror}; name a writable folder", path=str(target)) from error
    try:
        yield folder / target.name
        check_unchanged()
        for written in sorted(folder.iterdir(), key=lambda one: one.name == target.name):
            written.replace(target.parent / written.name)  # the target last: what it refers to is there by then
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"cannot be written: {reason}; nothing was left behind", path=str(target)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(mark)


@contextmanager
def write_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A folder to write to; when the block ends well, its files take their places in `path`, which is made if needed.

    Raises:
        OutputError: it cannot be made or written.
    """
    target = Path(path)
    try:
        target.mkdir(parents=True, exist_ok=True)
        made, mark = _part_folder(target)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}; name another folder", path=str(target)) from error
    try:
        yield made
        check_unchanged()
        for written in sorted(made.iterdir()):
            written.replace(target / written.name)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror or error}", path=str(target)) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(mark)


def _part_folder(parent: Path, name: str = "") -> tuple[Path, int]:
    """A new folder for files on their way, and a descriptor that marks it as in use until it is closed."""
    remove_stale_parts(parent)
    folder = part_path(parent, name)
    folder.mkdir()
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    lock(descriptor)
    return folder, descriptor
