"""Names of files as a command line gives them."""

from __future__ import annotations

import os
from pathlib import Path


def split_paths(path: str | os.PathLike[str]) -> list[str]:
    """The files that a text names, with commas between them as Caffe's `--weights` takes them.

    A file whose own name has a comma is one file.
    """
    name = os.fspath(path)
    if "," not in name or is_there(name):
        return [name]
    return [part for part in name.split(",") if part] or [name]


def is_file(path: str | os.PathLike[str]) -> bool:
    """Whether a name out of a file is that of a file."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether a name out of a file is that of a file or folder; one that no file can have is not."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # too long, a zero byte
        return False
