"""Finds nets in a folder: each .caffemodel, and the prototxt that its name or its folder says belongs to it."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from converter.errors import CaffemodelError

WEIGHTS, NET = ".caffemodel", ".prototxt"
_ITERATION = re.compile(r"_iter_\d+$")
_DEPLOY = "deploy" + NET


@dataclass(frozen=True, slots=True)
class Pair:
    """A net's two files; `name` is the weights' path below the folder without its ending, with slashes.

    `prototxt` is None where none was found; `tried` are then the names that were looked for.
    """

    name: str
    weights: Path
    prototxt: Path | None
    tried: tuple[str, ...] = ()


def find_pairs(folder: str | os.PathLike[str], skipped: str | os.PathLike[str] | None = None) -> list[Pair]:
    """Every .caffemodel in `folder` and below it, in the order of the names; links to folders are not followed.

    Its prototxt lies beside it. For X.caffemodel it is X.prototxt, X_deploy.prototxt or X-deploy.prototxt; for a
    snapshot X_iter_N.caffemodel those of X too; else deploy.prototxt, if all weights of that folder are one net's.

    Args:
        folder: where to look.
        skipped: a folder in it that is left out, such as the one that results go to.

    Raises:
        CaffemodelError: the folder cannot be read, or holds no .caffemodel.
    """
    root = Path(folder)
    if not root.is_dir():
        raise CaffemodelError("is no folder that can be read; name one that holds .caffemodel files", path=str(root))
    pairs = [pair for place, names in _folders(root, skipped) for pair in _pairs_of(root, place, names)]
    if not pairs:
        raise CaffemodelError(f"holds no file that ends in {WEIGHTS}, nor does a folder in it", path=str(root))
    return sorted(pairs, key=lambda pair: pair.name)


def _folders(root: Path, skipped: str | os.PathLike[str] | None) -> Iterator[tuple[Path, Sequence[str]]]:
    """Every folder with the names of its files; `skipped` and what lies in it aside, unless it is the root itself."""
    left_out = None if skipped is None else Path(skipped).resolve()
    for place, folders, files in os.walk(root):
        folders[:] = [name for name in folders if (Path(place) / name).resolve() != left_out]
        yield Path(place), files


def _pairs_of(root: Path, place: Path, names: Sequence[str]) -> Iterator[Pair]:
    """The pairs of one folder."""
    stems = [name.removesuffix(WEIGHTS) for name in names if name.endswith(WEIGHTS)]
    nets = Counter(_ITERATION.sub("", stem) for stem in stems)
    for stem in stems:
        tried = list(_candidates(stem))
        if len(nets) == 1:
            tried.append(_DEPLOY)
        found = next((place / name for name in tried if name in names), None)
        weights = place / f"{stem}{WEIGHTS}"
        name = weights.relative_to(root).as_posix().removesuffix(WEIGHTS)
        yield Pair(name, weights, found, () if found else tuple(tried))


def _candidates(stem: str) -> Iterator[str]:
    """Names that the prototxt of `stem`.caffemodel may have."""
    for base in dict.fromkeys((stem, _ITERATION.sub("", stem))):
        yield from (f"{base}{ending}{NET}" for ending in ("", "_deploy", "-deploy"))
