"""Which image each stored map was made of, a line a map in the maps' folder, so that none stands for another image."""

from __future__ import annotations

import json
from pathlib import Path

from converter.errors import OutputError
from converter.files.json_text import parse_json

_FILE = "images.jsonl"


def read_images(folder: Path) -> dict[str, str]:
    """The SHA-256 of each map's image, by the map's name; a line that a kill has torn counts as none."""
    found: dict[str, str] = {}
    path = folder / _FILE
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            entry = parse_json(line)
            found[str(entry["map"])] = str(entry["image_sha256"])
        except (ValueError, TypeError, KeyError):
            continue
    return found


def note_image(folder: Path, name: str, digest: str) -> None:
    """Add a map's line; raises OutputError where it cannot be written."""
    try:
        with (folder / _FILE).open("ab") as file:
            begun = file.tell() and not _ends_a_line(folder / _FILE)
            file.write(b"\n" * bool(begun) + json.dumps({"map": name, "image_sha256": digest}).encode() + b"\n")
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}; make room", path=str(folder / _FILE)) from error


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
