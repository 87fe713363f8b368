"""Names of files as a command line gives them."""

from __future__ import annotations

import os
from pathlib import Path


def split_paths(path: str | os.PathLike[str]) -> list[str]:
    """The files that a text names, with commas between them as Caffe's `--weights` takes them.

    A file whose own name has a comma is one file.
    """
    name = os.fspath(path)
    if "," not in name or Path(name).exists():
        return [name]
    return [part for part in name.split(",") if part] or [name]
