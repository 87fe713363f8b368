"""Files on their way: without a name where the system can (they vanish with their writer), else `.NAME.xxxxxxxx.part`.

A part is locked by its writer while it lives. The first write of a process into a folder removes parts there that
nobody locks: what killed writers left.
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from functools import cache
from pathlib import Path

_PART = re.compile(r"\.(?:.+\.)?[0-9a-z_]{8}\.part", re.DOTALL)
_ATTEMPTS = 100
_cleaned: set[Path] = set()


def part_path(folder: Path, name: str = "") -> Path:
    """A new name for what will become `name` in a folder."""
    return folder / f".{name}{'.' if name else ''}{os.urandom(4).hex()}.part"


def open_part(folder: Path, name: str) -> tuple[int, Path | None]:
    """A new file's descriptor, for reading and writing, and its path; None where it has no name and needs none.

    Raises:
        OSError: nothing can be written there.
    """
    remove_stale_parts(folder)
    if has_unnamed_files(folder.resolve()):
        return os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666), None
    for _ in range(_ATTEMPTS):
        path = part_path(folder, name)
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
            if lock(descriptor) and os.fstat(descriptor).st_nlink:
                return descriptor, path
            os.close(descriptor)  # another process has just taken it for a dead writer's
    raise FileExistsError(f"no free name for a part of {name}")


def give_name(descriptor: int, part: Path | None, target: Path) -> None:
    """Give a written part its name, at once; what stood there is replaced.

    Raises:
        OSError: it cannot be; the part is where it was.
    """
    if part is not None:
        part.replace(target)
        return
    try:
        _link(descriptor, target)
    except FileExistsError:  # a link replaces nothing, a renaming does
        lock(descriptor)
        named = part_path(target.parent, target.name)
        _link(descriptor, named)
        try:
            named.replace(target)
        finally:
            named.unlink(missing_ok=True)


def lock(descriptor: int) -> bool:
    """Mark a part as one whose writer lives, until its descriptor is closed; False where another process marks it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: parts stay there
        return True
    return True


def remove_stale_parts(folder: Path) -> None:
    """Remove files and folders of dead writers, once for each folder and process; what cannot be removed stays."""
    with suppress(OSError):
        real = folder.resolve()
        if real in _cleaned:
            return
        _cleaned.add(real)
        for entry in os.scandir(real):
            if _PART.fullmatch(entry.name) and not entry.is_symlink():
                _remove_if_dead(Path(entry.path))


def _remove_if_dead(path: Path) -> None:
    import shutil  # with its compressors, for the rare case

    with suppress(OSError):
        is_folder = path.is_dir()
        flags = os.O_RDONLY | os.O_DIRECTORY if is_folder else os.O_RDWR
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path) if is_folder else path.unlink()
        finally:
            os.close(descriptor)


@cache
def has_unnamed_files(folder: Path) -> bool:
    """Whether files without a name can be made in a folder, and be given one; tried once."""
    if not hasattr(os, "O_TMPFILE"):
        return False
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
    except OSError:
        return False
    try:
        lock(descriptor)
        named = part_path(folder)
        _link(descriptor, named)
        named.unlink()
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _link(descriptor: int, path: Path) -> None:
    """Name an unnamed file, by the way of open(2): linkat follows the link that /proc shows for a descriptor."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.link(f"/proc/self/fd/{descriptor}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)
