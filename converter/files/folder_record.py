"""What made the files of a folder, kept beside them: a command goes on only with what the same facts made.

The record is one JSON file: facts by purpose ("features", "evaluation", …), since one folder may serve several.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from converter import __version__
from converter.errors import OutputError
from converter.files.atomic import atomic_write
from converter.files.digest import Digest
from converter.files.json_text import parse_json

RECORD = "made-by.json"

Facts: TypeAlias = Mapping[str, Any]
_LONGEST = 60
"""Characters of a value in an error."""


def claim_folder(
    folder: Path, purpose: str, facts: Facts, *, leftovers: bool | None = None, free: Collection[str] = ()
) -> None:
    """Make the folder where it is missing, and note that `facts` make its files for `purpose`.

    Args:
        folder: where the files lie, or will.
        purpose: what the files are, as one word for messages: "features", "predictions".
        facts: plain values (text, numbers, lists) by name, all that the files depend on; the program's version is
            added.
        leftovers: whether files of that purpose lie there that are not made anew; without them nothing is compared.
            None: where there is a record of them.
        free: facts that may differ.

    Raises:
        OutputError: other facts made what lies there, nothing tells what did, or the record cannot be read or written.
    """
    check_folder(folder, purpose, facts, leftovers=leftovers, free=free)
    make_folder(folder)
    before, now = read_record(folder), _plain(facts)
    if before.get(purpose) != now:
        write_json(folder / RECORD, {**before, purpose: now})


def check_folder(
    folder: Path, purpose: str, facts: Facts, *, leftovers: bool | None = None, free: Collection[str] = ()
) -> None:
    """Compare as `claim_folder` does, and raise what it raises, but write nothing."""
    before = read_record(folder).get(purpose)
    if leftovers if leftovers is not None else before is not None:
        _compare(folder, purpose, before, _plain(facts), free)


def make_folder(folder: Path) -> None:
    """The folder, with those above it, where it is missing; raises OutputError where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot be made: {error.strerror}; name a writable folder", path=str(folder)) from error


def read_record(folder: Path) -> dict[str, dict[str, Any]]:
    """The facts by purpose; empty where the folder has no record.

    Raises:
        OutputError: the record does not read.
    """
    path = folder / RECORD
    try:
        values = parse_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise OutputError(f"this record does not read: {error}; delete it, and begin afresh", path=str(path)) from error
    if not isinstance(values, dict) or not all(isinstance(facts, dict) for facts in values.values()):
        raise OutputError("not a record: expected facts by purpose; delete it, and begin afresh", path=str(path))
    return values


def write_json(path: Path, values: object) -> None:
    """Plain values as JSON, whole or not at all; raises OutputError."""
    with atomic_write(path) as file:
        file.write((json.dumps(values, indent=1) + "\n").encode())


def file_digest(path: str | Path) -> str:
    """A file's SHA-256 in hexadecimal, for a record; raises CaffemodelError where it does not read."""
    return Digest(path).hexdigest()


def _plain(facts: Facts) -> dict[str, Any]:
    """Facts as JSON gives them back, with the program's version."""
    values: dict[str, Any] = json.loads(json.dumps({**facts, "version": __version__}))
    return values


def _compare(folder: Path, purpose: str, before: Facts | None, now: Facts, free: Collection[str]) -> None:
    """An error where other facts made the folder's files, naming each that differs."""
    if before is None:
        text = f"holds {purpose}, but no {RECORD} says what made them; name another folder, or begin it --afresh"
        raise OutputError(text, path=str(folder))
    names = [name for name in {**before, **now} if name not in free and before.get(name) != now.get(name)]
    if names:
        seen = "; ".join(f"{name} was {_shown(before, name)}, now {_shown(now, name)}" for name in names)
        remedy = "give what was given before, name another folder, or begin it --afresh"
        raise OutputError(f"these {purpose} were made otherwise: {seen}; {remedy}", path=str(folder / RECORD))


def _shown(facts: Facts, name: str) -> str:
    """A fact's value for a message, cut where it is long."""
    if name not in facts:
        return "not recorded"
    value = facts[name]
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:12]}…" if " " not in text else f"{text[: _LONGEST - 1]}…"
