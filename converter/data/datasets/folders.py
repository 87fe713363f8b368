"""Finding a data set's folder from what the user points at, or saying what was looked for and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converter.errors import DatasetError


def find_root(root: Path, below: Sequence[str], needs: Sequence[str], title: str) -> Path:
    """The first of root/below[0], root/below[1], … that holds every file or folder in `needs`.

    Raises:
        DatasetError: none does; the text says what was looked for and what lies there.
    """
    for name in below:
        folder = root / name
        if all((folder / need).exists() for need in needs):
            return folder
    raise no_root(root, below, needs, title)


def no_root(root: Path, below: Sequence[str], needs: Sequence[str], title: str) -> DatasetError:
    """The error for a root that does not hold what it should."""
    places = ", ".join(f"{name}/" if name else "the folder itself" for name in below)
    return DatasetError(
        f"no {title} here; looked for {' and '.join(needs)} in {places}; found {contents(root)}; "
        f"point --root at the folder that holds {next((name for name in below if name), needs[0])}",
        path=str(root),
    )


def contents(folder: Path, most: int = 8) -> str:
    """The first few names in a folder, for an error text."""
    if not folder.is_dir():
        return "a file" if folder.exists() else "no such folder"
    names = sorted(entry.name + ("/" if entry.is_dir() else "") for entry in folder.iterdir())
    if not names:
        return "an empty folder"
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def read_list(path: Path) -> tuple[str, ...]:
    """The first word of every line of a list file, blank lines left out.

    Raises:
        DatasetError: missing, not text, or a name that leads out of the data set's folder.
    """
    try:
        names = tuple(line.split()[0] for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"not a readable list of images: {error}", path=str(path)) from error
    for number, name in enumerate(names, 1):
        if ".." in name.split("/") or name.startswith("/"):
            raise DatasetError(f"entry {number} is {name!r}; want names of images", path=str(path))
    return names


def unknown_split(title: str, split: str, known: Sequence[str]) -> DatasetError:
    """The error for a split that a data set does not have."""
    return DatasetError(f"{title} has no split {split!r}; it has {', '.join(known)}")
