"""A stored golden's arrays by kind, and the files that go with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np


class Golden:
    """The arrays of `NAME.npz`, whose keys read `kind:rest`."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as stored:
            self.arrays = {key: stored[key] for key in stored.files}

    def of(self, kind: str) -> dict[str, np.ndarray]:
        """The arrays of one kind by the rest of their keys."""
        return {key[len(kind) + 1 :]: array for key, array in self.arrays.items() if key.startswith(f"{kind}:")}


def copy_beside(stored: Path, target: Path, *patterns: str) -> None:
    """The files that a golden is made from (nets, images, lists), into the folder where it is made."""
    target.mkdir(parents=True, exist_ok=True)
    for pattern in patterns:
        for path in sorted(stored.glob(pattern)):
            shutil.copy(path, target / path.name)


def write(path: Path, arrays: dict[str, np.ndarray]) -> str:
    """Write an npz, whole or not at all; the result is its name."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path.name
