"""Which of the files that a model's files name may be opened.

Reading a model opens no other file than those that the user named, those below the folder of the prototxt that names
them, and those below folders that the user allowed: `--allow-files DIR`, `allow_files=`. Symbolic links count as what
they lead to. What a user runs (a solver, `caffe train`, a script on pycaffe) reads its data from wherever its files
say, as Caffe does: `allow_all_files`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from converter.files.paths import is_file

Folder = str | os.PathLike[str]

NOT_ALLOWED = "names {!r}, which does not lie below the prototxt's folder"
ALLOW_IT = "put it there, or allow its folder with --allow-files DIR (allow_files=)"
"""The words of a refusal; what the file holds is not looked at."""

_folders: ContextVar[tuple[Path, ...] | None] = ContextVar("allowed folders", default=())
"""None: any."""


@contextmanager
def allow_files_below(folders: Iterable[Folder]) -> Iterator[None]:
    """Within the block, files below these folders may be opened besides those that may be anyway."""
    outer = _folders.get()
    token = _folders.set(None if outer is None else (*outer, *map(Path, folders)))
    try:
        yield
    finally:
        _folders.reset(token)


@contextmanager
def allow_all_files() -> Iterator[None]:
    """Within the block, any file that a file names may be opened: the user runs what the files describe."""
    token = _folders.set(None)
    try:
        yield
    finally:
        _folders.reset(token)


def allowed_folders() -> tuple[Path, ...]:
    """The folders that are allowed besides a prototxt's own; the root where any is."""
    folders = _folders.get()
    return (Path("/"),) if folders is None else folders


def find_named(name: str, prototxt: Folder, *others: Folder) -> Path | None:
    """The file that `name` in a prototxt means: as it stands (Caffe's way), beside the prototxt, or one of `others`.

    Nothing is said or asked about files that may not be opened, not even whether they are there.

    Returns:
        The first that may be opened and is a file; None where there is none.

    Raises:
        PermissionError: there is none, and the name leads out of the prototxt's folder.
    """
    folder = Path(prototxt).parent
    places = (place for place in map(Path, (name, folder / name, *others)) if may_open(place, folder))
    found = next((place for place in places if is_file(place)), None)
    if found is None and not may_open(folder / name, folder):
        raise PermissionError(name)
    return found


def may_open(path: Folder, *folders: Folder) -> bool:
    """Whether a file lies, all links followed, below one of these folders or of those that the user allowed."""
    allowed = _folders.get()
    if allowed is None:
        return True
    return lies_below(path, *folders, *allowed)


def lies_below(path: Folder, *folders: Folder) -> bool:
    """Whether a file lies, all links followed, below one of these folders."""
    try:
        real = Path(path).resolve()
        return any(real.is_relative_to(Path(folder).resolve()) for folder in folders)
    except (OSError, RuntimeError, ValueError):  # links in a circle, a zero byte
        return False
