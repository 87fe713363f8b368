"""Small text files about classes: names, colors, or both, one class a line in label order."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from converter.data.label_sets import RGB
from converter.errors import DatasetError

_MOST = 255
_Entry = TypeVar("_Entry")


def read_names(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """The names of a file, one a line; raises DatasetError as `read_color_map`."""
    return _entries(path, str, "a name a line")


def read_palette(path: str | os.PathLike[str]) -> tuple[RGB, ...]:
    """The colors of a file, one `r g b` a line; raises DatasetError as `read_color_map`."""
    return _entries(path, lambda line: _color(line.split()), "'r g b' a line, 0 to 255 each")


def read_color_map(path: str | os.PathLike[str]) -> tuple[tuple[RGB, ...], tuple[str, ...]]:
    """The colors and names of a file, one `r g b name` a line, as CamVid's label_colors.txt has it.

    Blank lines, and lines that begin with #, are left out.

    Raises:
        DatasetError: it does not read, a line is not of that form, a color is there twice, or there are no lines or
            more than 255.
    """
    entries = _entries(path, _named_color, "'r g b name' a line, 0 to 255 each")
    colors, names = tuple(color for color, _ in entries), tuple(name for _, name in entries)
    twice = [color for color in colors if colors.count(color) > 1]
    if twice:
        raise DatasetError(f"color {twice[0]} is there twice; give every class its own", path=str(path))
    return colors, names


def _entries(path: str | os.PathLike[str], read: Callable[[str], _Entry], form: str) -> tuple[_Entry, ...]:
    """Every line, read; the form is said where one does not."""
    found = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            found.append(read(line.strip()))
        except ValueError as error:
            raise DatasetError(f"{line.strip()!r}; expected {form}", path=str(path), line=number) from error
    if not 1 <= len(found) <= _MOST:
        raise DatasetError(f"{len(found)} classes; expected 1 to {_MOST}, {form}", path=str(path))
    return tuple(found)


def _text(path: str | os.PathLike[str]) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"cannot be read: {error}; name a text file", path=str(path)) from error


def _named_color(line: str) -> tuple[RGB, str]:
    words = line.split(maxsplit=3)
    if len(words) < 4:
        raise ValueError(line)
    return _color(words[:3]), words[3]


def _color(words: list[str]) -> RGB:
    red, green, blue = (int(word) for word in words)
    if not all(0 <= part <= _MOST for part in (red, green, blue)):
        raise ValueError(words)
    return red, green, blue
