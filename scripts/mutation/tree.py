"""A copy of the project in which one module at a time may be changed."""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
from pathlib import Path
from py_compile import PycInvalidationMode


def copy_tree(root: Path, copy: Path) -> None:
    """Copy what git tracks or would track, with bytecode that is told from its source by content.

    Bytecode told by time and size would be taken for that of a mutant of the same length made in the same second.
    """
    shutil.rmtree(copy, ignore_errors=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=root, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (root / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, copy / name)
    for package in ("converter", "reference", "scripts"):
        if (copy / package).is_dir():
            compileall.compile_dir(copy / package, quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)


def sources(root: Path) -> list[str]:
    """The modules that may be changed, from the project's root."""
    found = [path for package in ("converter", "reference") for path in (root / package).rglob("*.py")]
    return sorted(str(path.relative_to(root)) for path in found)


def environment(root: Path) -> dict[str, str]:
    """What tests in a copy of the tree at `root` need in their environment."""
    shared = os.environ.get("DILATEDNET_SHARED", str(root.parent / "shared"))
    return {
        "DILATEDNET_SHARED": shared,
        "VOC_ROOT": os.environ.get("VOC_ROOT", f"{shared}/voc"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
