"""Images that a command line names: files, folders with what lies in them, and patterns."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from converter.data.image_kinds import DECODE_ERRORS
from converter.data.images import FORMATS, SUFFIXES
from converter.errors import ImageError


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image as it was found: `name` is its path below the folder that was named, without suffix."""

    path: str
    name: str


def find_images(
    given: Sequence[str], *, recursive: bool = False, without: Path | None = None
) -> tuple[list[ImageFile], list[str]]:
    """The images that are named, each once, in order; and the files of folders and patterns that are none.

    Those of them that are called as images are come first: they may be damaged ones.

    Args:
        given: files, which are taken as they are; folders; patterns with *, ? or [], ** for any folders.
        recursive: look into the folders of folders too.
        without: a folder whose files are left out where it lies within one that is searched: the one of results.

    Raises:
        ImageError: a folder or pattern holds no image.
    """
    found: dict[str, ImageFile] = {}
    skipped: list[Path] = []
    for word in given:
        paths, home = _expand(word, recursive)
        if home is None:
            found.setdefault(word, ImageFile(word, Path(word).stem))
            continue
        inside = [path for path in paths if not (without and _is_below(without, home) and _is_below(path, without))]
        images = [path for path in inside if is_image(path)]
        if not images:
            text = "holds no image" if Path(word).is_dir() else "no image is called so"
            hint = "; --recursive looks into the folders below" if Path(word).is_dir() and not recursive else ""
            raise ImageError(f"{text}; expected {' '.join(SUFFIXES)} files{hint}", path=word)
        taken = set(images)
        skipped += [path for path in inside if path not in taken]
        for path in images:
            name = path.relative_to(home).with_suffix("").as_posix()
            found.setdefault(str(path), ImageFile(str(path), name))
    skipped.sort(key=lambda path: path.suffix.lower() not in SUFFIXES)
    return list(found.values()), [str(path) for path in skipped]


def is_image(path: Path) -> bool:
    """Whether a file is called as an image is and begins like one."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    try:
        with Image.open(path, formats=FORMATS):
            return True
    except Image.DecompressionBombError:
        return True
    except DECODE_ERRORS:
        return False


def _expand(word: str, recursive: bool) -> tuple[list[Path], Path | None]:
    """The files of a folder or pattern, sorted, and the folder that their names count from; None for a plain file."""
    folder = Path(word)
    if folder.is_dir():
        every = folder.rglob("*") if recursive else folder.glob("*")
        return sorted(path for path in every if path.is_file() and not _hidden(path, folder)), folder
    if not folder.exists() and glob.has_magic(word):
        home = _fixed_part(folder)
        return sorted(path for path in home.glob(str(folder.relative_to(home))) if path.is_file()), home
    return [], None


def _fixed_part(pattern: Path) -> Path:
    """The folders of a pattern before its first wildcard."""
    parts = []
    for part in pattern.parts[:-1]:
        if glob.has_magic(part):
            break
        parts.append(part)
    return Path(*parts)


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _is_below(path: Path, folder: Path) -> bool:
    return folder.resolve() in path.resolve().parents
